"""The process in which notebooks become Markdown: run by ``notebook.Kitchen``, alone in importing nbconvert.

It reads ``<length>\\n<bytes>`` and answers a line of JSON, until its input ends. It executes nothing: there is no kernel and no
preprocessor that would ask for one. Memory and processor time are limited before the first byte is read.
"""

from __future__ import annotations

import base64
import json
import re
import sys
from typing import Any

MEMORY = 1_500_000_000
PROCESSOR_SECONDS = 600  # of one process, which serves many notebooks; the patience for one is its caller's
OUTPUT_MOST = 20_000
CELLS_MOST = 5_000

_HIDE = {
    "hide",
    "remove",
    "hide-cell",
    "remove-cell",
    "remove_cell",
    "hide_cell",
    "skip",
    "exclude",
    "private",
    "hidden",
}
_HIDE_INPUT = {"hide-input", "hide_input", "remove-input", "remove_input", "noshow-input"}
_HIDE_OUTPUT = {"hide-output", "hide_output", "remove-output", "remove_output"}
_COMMENT = re.compile(r"^\s*#\s*\|?\s*(.*?)\s*$")
_WORD = re.compile(
    r"(hide|hide_input|hide_output|hide-input|hide-output|collapse\w*|collapse|export\w*|exports|default_exp.*|echo:.*|include:.*|output:.*|eval:.*|code-fold:.*|label:.*|fig-cap:.*|warning:.*|tags?:.*|default_cls_lvl.*)(\s.*)?",
    re.I,
)


_ANSI = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07]*\x07")


class Notes(list[list[str]]):
    """Notes, each once."""

    def add(self, kind: str, text: str) -> None:
        if [kind, text] not in self:
            self.append([kind, text])


def limit() -> None:
    """Bound this process."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def shown(cell: Any, notes: Notes) -> Any | None:
    """The cell without what its author hid; None when that is all of it."""
    said = cell.get("metadata", {})
    tags = {str(tag).lower() for tag in said.get("tags", [])} if isinstance(said.get("tags"), list) else set()
    jupyter = said.get("jupyter") if isinstance(said.get("jupyter"), dict) else {}
    lines = cell["source"].split("\n")
    marks = set()
    while lines and (match := _COMMENT.match(lines[0])) and _WORD.fullmatch(match[1]) and (len(lines[0].split()) < 6):
        marks.add(" ".join(match[1].lower().split()))
        lines.pop(0)
    if "hide" in marks or "include: false" in marks or tags & _HIDE or said.get("hidden") is True:
        notes.add("dropped", "Cells that are hidden on the original page were left out.")
        return None
    if cell["cell_type"] != "code":
        return cell
    cell["source"] = "\n".join(lines)
    hides_input = bool(
        marks & {"hide_input", "hide-input", "echo: false"}
        or tags & _HIDE_INPUT
        or jupyter.get("source_hidden")
        or said.get("hide_input")
    )
    if marks & {"hide_output", "hide-output", "output: false"} or tags & _HIDE_OUTPUT or jupyter.get("outputs_hidden"):
        if cell["outputs"]:
            notes.add("dropped", "Outputs that are hidden on the original page were left out.")
        cell["outputs"] = []
    if hides_input:
        notes.add("dropped", "Code that is hidden on the original page was left out.")
        cell["source"] = ""
    return cell


def output(one: Any, notes: Notes) -> Any | None:
    """An output as far as it can be shown without running anything."""
    if one.get("output_type") == "error":
        import nbformat

        lines = one.get("traceback") or [f"{one.get('ename')}: {one.get('evalue')}"]
        one = nbformat.v4.new_output("stream", text="\n".join(map(str, lines)))
    if one.get("output_type") == "stream" and isinstance(one.get("text"), str):
        one["text"] = cut(_ANSI.sub("", one["text"]), notes)
        return one
    data = one.get("data")
    if data is None:
        return one
    widgets = [
        kind
        for kind in data
        if "widget" in kind or "javascript" in kind or "bokeh" in kind or "plotly" in kind or "vega" in kind
    ]
    html = data.get("text/html", "")
    if isinstance(html, str) and re.search(r"<script|<iframe|require\(", html, re.I):
        widgets.append("text/html with script")
        del data["text/html"]
    elif isinstance(html, str) and html:
        html = re.sub(r"<style\b.*?</style\s*>", "", html, flags=re.S | re.I)
        data["text/html"] = re.sub(r"\n\s*", "\n", re.sub(r"\n\s*\n", "\n", html.strip()))
        if len(html) > OUTPUT_MOST * 10:
            del data["text/html"]
    for kind in widgets:
        data.pop(kind, None)
        notes.add("dropped", f"An output that needs script or a widget is only on the original page ({kind}).")
    if isinstance(data.get("text/plain"), str):
        data["text/plain"] = cut(data["text/plain"], notes)
    if widgets and not any(kind.startswith("image/") or kind in {"text/html", "text/markdown"} for kind in data):
        data["text/plain"] = data.get("text/plain", "") or "(an output that is only on the original page)"
    return one if data else None


def cut(text: str, notes: Notes) -> str:
    """Text of at most OUTPUT_MOST characters."""
    if len(text) <= OUTPUT_MOST:
        return text
    notes.add("dropped", f"A long output was cut after {OUTPUT_MOST} characters.")
    return text[:OUTPUT_MOST] + "\n(cut)"


class Cook:
    """Holds nbconvert's exporter, which takes a while to make."""

    def __init__(self) -> None:
        from nbconvert.exporters import MarkdownExporter
        from traitlets.config import Config

        config = Config()
        config.Exporter.optimistic_validation = True  # once, behind all preprocessors; what came was judged when read
        config.ExtractOutputPreprocessor.output_filename_template = "output-{cell_index}-{index}{extension}"
        self._exporter = MarkdownExporter(config=config)
        self._exporter.register_filter("indent", fenced)  # nbconvert indents outputs: behind a list that is no code

    def markdown(self, raw: bytes) -> dict[str, Any]:
        """One notebook's Markdown, its images, and notes."""
        import nbformat

        notes = Notes()
        book = nbformat.reads(raw.decode("utf-8-sig"), as_version=4)
        if len(book["cells"]) > CELLS_MOST:
            raise ValueError(f"it has more than {CELLS_MOST} cells")
        said = book["metadata"]
        language = str(
            said.get("language_info", {}).get("name") or said.get("kernelspec", {}).get("language") or "python"
        ).lower()
        cells = []
        for number, cell in enumerate(book["cells"]):
            if cell["cell_type"] == "raw" and number == 0 and cell["source"].lstrip().startswith("---"):
                cell = nbformat.v4.new_markdown_cell(cell["source"])
            kept = shown(cell, notes)
            if kept is None:
                continue
            if kept["cell_type"] == "raw":
                notes.add("dropped", f"A raw cell was left out: {kept['source']}")
                continue
            if kept["cell_type"] == "code":
                if kept["source"].strip():
                    code = {"cell_type": "markdown", "metadata": {}, "source": fenced(kept["source"], language)}
                    cells.append(nbformat.from_dict(code | ({"id": f"source-{number}"} if "id" in kept else {})))
                kept["outputs"] = [done for one in kept["outputs"] if (done := output(one, notes)) is not None]
                kept["source"], kept["metadata"] = "", {"transient": {"remove_source": True}}
            cells.append(kept)
        book["cells"] = cells
        text, resources = self._exporter.from_notebook_node(book)
        images = dict(resources.get("outputs") or {})
        for name in images:
            text = text.replace(f"]({name})", f"](notebook:{name})")
        return {
            "text": text,
            "images": {name: base64.b64encode(data).decode() for name, data in images.items()},
            "notes": notes,
        }


def fenced(text: str, language: str = "text", *_: Any, **__: Any) -> str:
    """Code or an output as a fence that nothing in it can close."""
    language = language if isinstance(language, str) and re.fullmatch(r"[a-z0-9+#-]+", language) else "text"
    marks = "`" * max([3, *(len(run) + 1 for run in re.findall(r"`{3,}", text))])
    return f"\n\n{marks}{language}\n{text.strip(chr(10))}\n{marks}\n\n" if text.strip() else ""


def main() -> None:
    limit()
    cook: Cook | None = None
    answer = sys.stdout
    sys.stdout = sys.stderr
    while head := sys.stdin.buffer.readline():
        raw = sys.stdin.buffer.read(int(head))
        try:
            cook = cook or Cook()
            said = cook.markdown(raw)
        except Exception as error:
            said = {"error": f"{type(error).__name__}: {error}"[:300]}
        answer.write(json.dumps(said) + "\n")
        answer.flush()


if __name__ == "__main__":
    main()

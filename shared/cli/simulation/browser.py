"""A browser without a window: it opens pages, fills in their forms and presses their buttons. It knows no addresses
but those it was given in mails and on pages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urlencode, urljoin, urlsplit

from ... import tokens

Answer = tuple[int, list[tuple[str, str]], bytes]
Ask = Callable[[str, str, Mapping[str, str], bytes], Answer]  # (method, path with query, headers, body)
FORM = "application/x-www-form-urlencoded"
REDIRECTS = {301, 302, 303, 307, 308}


class Astray(Exception):
    """A page is not what it should be: an error of ours, or of the pages."""


@dataclass
class Form:
    """A form as it stands on the page. `fields` holds what it would send, `options` what could be chosen."""

    action: str
    fields: list[tuple[str, str]] = field(default_factory=list)
    options: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)

    def offers(self, name: str, value: str | None = None) -> bool:
        """Is there a field, or a button, of that name (and value)?"""
        there = [*self.fields, *self.buttons, *((n, v) for n, vs in self.options.items() for v in vs)]
        return any(n == name and value in (None, v) for n, v in there)

    def filled(self, button: tuple[str, str] | None, values: Mapping[str, str]) -> list[tuple[str, str]]:
        """What is sent when that button is pressed and these fields are filled in.

        :raises Astray: the form has no such field or choice.
        """
        for name, value in values.items():
            if not self.offers(name) or (self.options.get(name) and value not in self.options[name]):
                raise Astray(f"the form {tokens.hidden(self.action)} does not take {name}={value[:40]!r}")
        sent = [(name, value) for name, value in self.fields if name not in values]
        return [*sent, *values.items(), *([button] if button else [])]


@dataclass
class Page:
    """What came back."""

    status: int
    path: str
    text: str
    forms: list[Form] = field(default_factory=list)
    links: list[str] = field(default_factory=list)

    def form(self, name: str, value: str | None = None) -> Form | None:
        """The first form that offers this."""
        return next((form for form in self.forms if form.offers(name, value)), None)


class Browser:
    """One person's browser, with their cookies."""

    def __init__(self, ask: Ask) -> None:
        self.ask = ask
        self.cookies: dict[str, tuple[str, str]] = {}  # name: (value, path)

    def open(self, address: str) -> Page:
        """The page at that address; redirects are followed."""
        return self._go("GET", address, b"")

    def press(
        self, page: Page, form: Form, button: tuple[str, str] | None = None, values: Mapping[str, str] | None = None
    ) -> Page:
        """Press a button of a form, by default its only or first one."""
        if button is None and form.buttons:
            button = form.buttons[0] if form.buttons[0][0] else None
        if button is not None and not form.offers(*button):
            raise Astray(f"{tokens.hidden(page.path)} has no button {button[0]}={button[1]}")
        body = urlencode(form.filled(button, values or {})).encode()
        return self._go("POST", urljoin(page.path, form.action or page.path), body)

    def _go(self, method: str, address: str, body: bytes) -> Page:
        for _ in range(8):
            parts = urlsplit(address)
            path = f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}"
            headers = {"Cookie": cookies} if (cookies := self._cookies_for(parts.path)) else {}
            if method == "POST":
                headers["Content-Type"] = FORM
            status, answered, text = self.ask(method, path, headers, body)
            self._keep([value for name, value in answered if name.lower() == "set-cookie"])
            if status not in REDIRECTS:
                return _read(status, path, text.decode(errors="replace"))
            address = urljoin(path, next(value for name, value in answered if name.lower() == "location"))
            method, body = "GET", b""
        raise Astray(f"{tokens.hidden(address)} leads round and round")

    def _cookies_for(self, path: str) -> str:
        return "; ".join(f"{name}={value}" for name, (value, at) in self.cookies.items() if path.startswith(at))

    def _keep(self, lines: list[str]) -> None:
        for line in lines:
            pair, *attributes = [part.strip() for part in line.split(";")]
            name, _, value = pair.partition("=")
            told = dict((each.lower().split("=", 1) + [""])[:2] for each in attributes)
            if told.get("max-age") == "0" or not value:
                self.cookies.pop(name, None)
            else:
                self.cookies[name] = (value, told.get("path") or "/")


def _read(status: int, path: str, text: str) -> Page:
    reader = _Reader()
    reader.feed(text)
    return Page(status, path, text, reader.forms, reader.links)


class _Reader(HTMLParser):
    """Collects the forms and links of what the page is about: not those that are on every page."""

    def __init__(self) -> None:
        super().__init__()
        self.main = False
        self.forms: list[Form] = []
        self.links: list[str] = []
        self.form: Form | None = None
        self.select: tuple[str, list[str], list[str]] | None = None  # name, options, those that are chosen
        self.area: tuple[str, list[str]] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        if tag == "main":
            self.main = True
        elif not self.main:
            return
        elif tag == "a" and at.get("href"):
            self.links.append(at["href"])
        elif tag == "form":
            self.form = Form(at.get("action", ""))
            self.forms.append(self.form)
        elif self.form is None or "disabled" in at:
            return
        elif tag == "input":
            self._input(self.form, at, "checked" in at)
        elif tag == "button":
            self.form.buttons.append((at.get("name", ""), at.get("value", "")))
        elif tag == "select":
            self.select = (at.get("name", ""), [], [])
        elif tag == "option" and self.select:
            self.select[1].append(at.get("value", ""))
            if "selected" in at:
                self.select[2].append(at.get("value", ""))
        elif tag == "textarea":
            self.area = (at.get("name", ""), [])

    def _input(self, form: Form, at: dict[str, str], checked: bool) -> None:
        name, kind, value = at.get("name", ""), at.get("type", "text"), at.get("value", "")
        if kind in ("submit", "image", "button"):
            form.buttons.append((name, value))
        elif kind in ("radio", "checkbox"):
            form.options.setdefault(name, []).append(value)
            if checked:
                form.fields.append((name, value))
        elif name:
            form.fields.append((name, value))

    def handle_data(self, data: str) -> None:
        if self.area:
            self.area[1].append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "main":
            self.main = False
        elif tag == "form":
            self.form = None
        elif tag == "select" and self.select and self.form:
            name, options, chosen = self.select
            self.form.options.setdefault(name, []).extend(options)
            if options:
                self.form.fields.append((name, (chosen or options)[0]))
            self.select = None
        elif tag == "textarea" and self.area and self.form:
            self.form.fields.append((self.area[0], "".join(self.area[1]).removeprefix("\n")))
            self.area = None

"""A stand-in for GitHub's API, with state and real git behind it: it takes and answers what GitHub documents.

It refuses what GitHub refuses: a move that is no fast-forward, a tree that takes out what is not there,
a second pull request for a branch. `limited` answers are given before anything else, as to who asks too often.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
from pathlib import Path
from typing import Any

from flask import Flask, Response, request

from .openapi import description

TOKEN = "a-token-of-tests"
REPO = "program/blog"


class GitHub:
    """`folder` is the bare repository behind it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.pulls: list[dict[str, Any]] = []
        self.limited: list[tuple[int, dict[str, str], dict[str, Any]]] = []
        self.asked: list[tuple[str, str]] = []
        self.unchanged = 0
        self.wrong: list[str] = []  # what GitHub's own description says against a request or an answer
        self.app = Flask("github")
        self.app.add_url_rule(f"/repos/{REPO}", "repo", self._answer, methods=["GET"])
        self.app.add_url_rule(
            f"/repos/{REPO}/<path:path>", "path", self._answer, methods=["GET", "POST", "PATCH", "DELETE"]
        )

    def git(self, *words: str, given: bytes | None = None, ok: bool = True) -> str:
        """git in the repository; empty where it fails and `ok` is False."""
        who = {f"GIT_{role}_NAME": "GitHub" for role in ("AUTHOR", "COMMITTER")}
        who |= {f"GIT_{role}_EMAIL": "noreply@github.com" for role in ("AUTHOR", "COMMITTER")}
        env = {"PATH": "/usr/bin:/bin", "HOME": "/nowhere", **who}
        done = subprocess.run(["git", f"--git-dir={self.folder}", *words], env=env, input=given, capture_output=True)
        assert done.returncode == 0 or not ok, done.stderr
        return done.stdout.decode().strip() if done.returncode == 0 else ""

    def merge(self, number: int) -> None:
        """Somebody presses the button."""
        pull = self.pulls[number - 1]
        self.git("update-ref", "refs/heads/main", self._head(pull))
        pull.update(state="closed", merged=True)

    def fork(self, ref: str, branch: str, owner: str) -> None:
        """Somebody opens a pull request from a fork of theirs, whose branch is called `ref`; here it is `branch`."""
        pull = {"number": len(self.pulls) + 1, "branch": branch, "ref": ref, "owner": owner, "state": "open"}
        self.pulls.append({**pull, "merged": False, "last": "", "title": "A post", "body": ""})

    def close(self, number: int) -> None:
        """Somebody closes it without merging."""
        self.pulls[number - 1].update(state="closed", merged=False)

    def _answer(self, path: str = "") -> Response:
        self.asked.append((request.method, path))
        if request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._json(401, {"message": "Bad credentials"})
        if self.limited:
            status, headers, said = self.limited.pop(0)
            answer = self._json(status, said)
            answer.headers.update(headers)
            return answer
        name = path.split("/")[1] if path.startswith("git/") else path.split("/")[0] or "repo"
        status, said = getattr(self, f"_{request.method.lower()}_{name}")(path)
        body = request.get_json(silent=True)
        self.wrong += description().wrong(request.method, request.path, request.args.to_dict(), body, status, said)
        return self._json(status, said)

    def _json(self, status: int, said: Any) -> Response:
        body = json.dumps(said) if status != 204 else ""
        etag = f'W/"{hashlib.sha256(body.encode()).hexdigest()}"'
        if request.method == "GET" and status == 200 and request.headers.get("If-None-Match") == etag:
            self.unchanged += 1
            return Response(status=304, headers={"ETag": etag})
        return Response(
            body, status, {"ETag": etag} if request.method == "GET" else {}, content_type="application/json"
        )

    def _get_repo(self, path: str) -> tuple[int, Any]:
        return 200, {"full_name": REPO, "default_branch": "main"}

    def _get_ref(self, path: str) -> tuple[int, Any]:
        ref = path.removeprefix("git/ref/")
        sha = self.git("rev-parse", "--verify", f"refs/{ref}", ok=False)
        return (200, {"ref": f"refs/{ref}", "object": {"type": "commit", "sha": sha}}) if sha else (404, _NOT_FOUND)

    def _get_trees(self, path: str) -> tuple[int, Any]:
        assert request.args["recursive"] == "1"
        lines = self.git("ls-tree", "-r", "-t", path.removeprefix("git/trees/")).splitlines()
        rows = [line.replace("\t", " ").split(" ", 3) for line in lines]
        tree = [{"mode": mode, "type": type, "sha": sha, "path": name} for mode, type, sha, name in rows]
        return 200, {"sha": path, "tree": tree, "truncated": False}

    def _get_commits(self, path: str) -> tuple[int, Any]:
        sha = path.removeprefix("git/commits/")
        return 200, {"sha": sha, "tree": {"sha": self.git("rev-parse", f"{sha}^{{tree}}")}}

    def _get_contents(self, path: str) -> tuple[int, Any]:
        where = f"{request.args['ref']}:{path.removeprefix('contents/')}"
        sha = self.git("rev-parse", "--verify", where, ok=False)
        if not sha:
            return 404, _NOT_FOUND
        raw = subprocess.run(["git", f"--git-dir={self.folder}", "cat-file", "blob", sha], capture_output=True).stdout
        return 200, {"type": "file", "sha": sha, "encoding": "base64", "content": base64.encodebytes(raw).decode()}

    def _post_blobs(self, path: str) -> tuple[int, Any]:
        raw = base64.b64decode(request.json["content"], validate=True)
        return 201, {"sha": self.git("hash-object", "-w", "--stdin", given=raw)}

    def _post_trees(self, path: str) -> tuple[int, Any]:
        said = request.json
        index = {line.split("\t")[1]: line for line in self.git("ls-tree", "-r", said["base_tree"]).splitlines()}
        for entry in said["tree"]:
            assert set(entry) == {"path", "mode", "type", "sha"}
            if entry["sha"] is None:
                if entry["path"] not in index:
                    return 422, {"message": "GitRPC::BadObjectState"}
                del index[entry["path"]]
            else:
                index[entry["path"]] = f"{entry['mode']} blob {entry['sha']}\t{entry['path']}"
        return 201, {"sha": self._tree(index)}

    def _tree(self, index: dict[str, str]) -> str:
        """Folders by hand: `mktree` takes one level."""
        folders: dict[str, dict[str, str]] = {}
        lines = []
        for path, line in index.items():
            head, slash, rest = path.partition("/")
            if slash:
                folders.setdefault(head, {})[rest] = f"{line.split(chr(9))[0]}\t{rest}"
            else:
                lines.append(line)
        lines += [f"040000 tree {self._tree(inner)}\t{name}" for name, inner in folders.items()]
        return self.git("mktree", given="\n".join([*lines, ""]).encode())

    def _post_commits(self, path: str) -> tuple[int, Any]:
        said = request.json
        assert said["author"]["name"] and "@" in said["author"]["email"]
        author = f"{said['author']['name']} <{said['author']['email']}> 1790000000 +0000"
        parents = "".join(f"parent {parent}\n" for parent in said["parents"])
        raw = (
            f"tree {said['tree']}\n{parents}author {author}\ncommitter GitHub <noreply@github.com> 1790000000 +0000\n\n"
        )
        return 201, {
            "sha": self.git("hash-object", "-t", "commit", "-w", "--stdin", given=(raw + said["message"]).encode())
        }

    def _post_refs(self, path: str) -> tuple[int, Any]:
        said = request.json
        if self.git("rev-parse", "--verify", said["ref"], ok=False):
            return 422, {"message": "Reference already exists"}
        self.git("update-ref", said["ref"], said["sha"])
        return 201, {"ref": said["ref"], "object": {"sha": said["sha"]}}

    def _patch_refs(self, path: str) -> tuple[int, Any]:
        ref, said = f"refs/{path.removeprefix('git/refs/')}", request.json
        assert said["force"] is False
        now = self.git("rev-parse", "--verify", ref, ok=False)
        if not now:
            return 422, {"message": "Reference does not exist"}
        if self.git("rev-list", "--max-count=1", now, "--not", said["sha"]):
            return 422, {"message": "Update is not a fast forward"}
        self.git("update-ref", ref, said["sha"])
        return 200, {"ref": ref, "object": {"sha": said["sha"]}}

    def _delete_refs(self, path: str) -> tuple[int, Any]:
        ref = f"refs/{path.removeprefix('git/refs/')}"
        if not self.git("rev-parse", "--verify", ref, ok=False):
            return 422, {"message": "Reference does not exist"}
        for pull in self.pulls:
            if ref == f"refs/heads/{pull['branch']}":
                pull["last"] = self._head(pull)
        self.git("update-ref", "-d", ref)
        return 204, None

    def _post_pulls(self, path: str) -> tuple[int, Any]:
        said = request.json
        if any(pull["branch"] == said["head"] and pull["state"] == "open" for pull in self.pulls):
            message = f"A pull request already exists for {REPO.split('/')[0]}:{said['head']}."
            return 422, {"message": "Validation Failed", "errors": [{"message": message}]}
        assert said["base"] == "main" and said["title"] and len(said["title"]) <= 256 and len(said["body"]) <= 65_536
        pull = {"number": len(self.pulls) + 1, "branch": said["head"], "state": "open", "merged": False, "last": ""}
        self.pulls.append({**pull, "title": said["title"], "body": said["body"]})
        return 201, self._shown(self.pulls[-1])

    def _get_pulls(self, path: str) -> tuple[int, Any]:
        if path.endswith("/files"):
            return 200, self._files(self.pulls[int(path.split("/")[1]) - 1])
        if path == "pulls":
            head = request.args.get("head", "").partition(":")[2]
            found = [self._shown(pull) for pull in self.pulls if not head or pull["branch"] == head]
            return 200, [{name: said for name, said in one.items() if name != "merged"} for one in found]
        return 200, self._shown(self.pulls[int(path.split("/")[1]) - 1])

    def _patch_pulls(self, path: str) -> tuple[int, Any]:
        pull = self.pulls[int(path.split("/")[1]) - 1]
        assert set(request.json) <= {"title", "body", "state"}
        pull.update(request.json)
        return 200, self._shown(pull)

    def _head(self, pull: dict[str, Any]) -> str:
        return self.git("rev-parse", "--verify", f"refs/heads/{pull['branch']}", ok=False) or str(pull["last"])

    def _shown(self, pull: dict[str, Any]) -> dict[str, Any]:
        shown = {name: pull[name] for name in ("number", "state", "merged", "title", "body")}
        url = f"https://github.example/{REPO}/pull/{pull['number']}"
        merged_at = "2026-10-02T10:00:00Z" if pull["merged"] else None
        ref = pull.get("ref", pull["branch"])
        head = {"ref": ref, "label": f"{pull.get('owner', 'program')}:{ref}", "sha": self._head(pull)}
        return {**shown, "html_url": url, "merged_at": merged_at, "head": head}

    def _files(self, pull: dict[str, Any]) -> list[dict[str, Any]]:
        """What it changes, with the texts of what is no image."""
        head = self._head(pull)
        found = []
        for line in self.git("diff-tree", "-r", "--name-status", "main", head).splitlines():
            status, name = line.split("\t")
            said = {"filename": name, "status": {"A": "added", "D": "removed"}.get(status, "modified"), "sha": head}
            patch = self.git("diff-tree", "-p", "main", head, "--", name)
            found.append(said if name.endswith(".png") else {**said, "patch": patch})
        return found


_NOT_FOUND = {"message": "Not Found"}

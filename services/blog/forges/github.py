"""GitHub (or GitHub Enterprise, by its address) as a forge, through its Git Data API: blobs, tree, commit, then the
branch, never with force. Accepting and declining is done there; its pull request is asked what became of it.

Limits are honoured: who is told to wait (Retry-After, x-ratelimit-reset, 403 or 429) waits, and what has not changed is
not counted (ETag). Documented at https://docs.github.com/rest (version 2022-11-28).
"""

from __future__ import annotations

import base64
from collections import OrderedDict
from typing import Any
from urllib.parse import quote

import requests

from shared import clock, config

from .plain import committer, plain
from .shapes import Change, Denied, Found, Moved, Opened, Seen, Unreachable

TIMEOUT = (10, 40)  # seconds to connect, and between two bytes
KEPT = 300  # answers that are kept to be asked for by ETag
LOOKED_INTO = 20  # pull requests of people, the latest, of which the files are asked for
LONGEST_WAIT = 3_900.0  # seconds: its limits are by the hour
VERSION = "2022-11-28"

_answers: OrderedDict[str, tuple[str, Any]] = OrderedDict()


class _Bearer(requests.auth.AuthBase):
    """The token, in place of what a netrc file would say."""

    def __init__(self, token: str) -> None:
        self.token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self.token}"
        return request


class GitHub:
    """A repository by its owner and name.

    :param api: such as ``https://api.github.com``, or ``https://git.example.org/api/v3``.
    :param token: fine-grained, for this repository: contents and pull requests, read and write.
    """

    decides = False

    def __init__(self, repo: str, api: str, token: str) -> None:
        self.name, self.repo, self.api = f"{repo} on GitHub", repo, api.rstrip("/")
        self.session = requests.Session()
        self.session.auth = _Bearer(token)
        self.session.headers.update(
            {
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": VERSION,
                "User-Agent": "Baton",
            }
        )

    # ---- what there is

    def base(self) -> str:
        found = self._get(f"git/ref/heads/{quote(self._main())}")
        if found is None:
            raise Denied(f"{self.name} has no commit yet: make a first one there.")
        return str(found["object"]["sha"])

    def _main(self) -> str:
        return str(self._needed("")["default_branch"])

    def paths(self, commit: str) -> frozenset[str]:
        found = self._needed(f"git/trees/{commit}?recursive=1")
        if found.get("truncated"):
            raise Denied(f"{self.name} has more files than GitHub lists at once.")
        return frozenset(entry["path"] for entry in found["tree"] if entry["type"] == "blob")

    def read(self, commit: str, path: str) -> bytes | None:
        found = self._get(f"contents/{quote(path)}?ref={commit}")
        if not isinstance(found, dict) or found.get("type") != "file":
            return None
        if found.get("encoding") != "base64":  # larger than a megabyte
            found = self._needed(f"git/blobs/{found['sha']}")
        return base64.b64decode(found["content"])

    def diff(self, branch: str) -> str:
        return ""

    # ---- a proposal

    def build(self, change: Change, parent: str) -> str:
        there = self.paths(parent)
        entries: list[dict[str, Any]] = []
        for path, data in sorted(change.files.items()):
            said = {"content": base64.b64encode(data).decode(), "encoding": "base64"}
            blob = self._send("POST", "git/blobs", said)["sha"]
            entries.append({"path": path, "mode": "100644", "type": "blob", "sha": blob})
        for path in sorted(set(change.removed) & there):
            entries.append({"path": path, "mode": "100644", "type": "blob", "sha": None})
        before = self._needed(f"git/commits/{parent}")["tree"]["sha"]
        if not entries:
            return parent
        tree = self._send("POST", "git/trees", {"base_tree": before, "tree": entries})["sha"]
        if tree == before:
            return parent
        name, address = committer()
        author = {"name": plain(change.author[0]) or name, "email": plain(change.author[1]) or address}
        commit = {"message": change.message, "tree": tree, "parents": [parent], "author": author}
        return str(self._send("POST", "git/commits", commit)["sha"])

    def place(self, branch: str, commit: str, was: str) -> None:
        if was:
            done = self._call("PATCH", f"git/refs/heads/{branch}", {"sha": commit, "force": False})
        else:
            done = self._call("POST", "git/refs", {"ref": f"refs/heads/{branch}", "sha": commit})
        if done.status_code in {404, 409, 422}:
            raise Moved(branch)
        self._well(done)

    def open(self, branch: str, change: Change) -> Opened:
        said = {"title": change.title, "body": change.body, "head": branch, "base": self._main()}
        done = self._call("POST", "pulls", said)
        if done.status_code == 422:
            owner = self.repo.partition("/")[0]
            found = self._needed(f"pulls?state=all&head={owner}:{quote(branch)}")
            if not found:
                raise Denied(f"{self.name} takes no pull request for {branch}: {_words(done)}")
            return Opened(found[0]["number"], found[0]["html_url"])
        opened = self._well(done)
        return Opened(opened["number"], opened["html_url"])

    def amend(self, number: int, change: Change) -> None:
        now = self._needed(f"pulls/{number}")
        if (now["title"], now["body"] or "") != (change.title, change.body):
            self._send("PATCH", f"pulls/{number}", {"title": change.title, "body": change.body})

    def look(self, number: int, branch: str, commit: str) -> Seen:
        if not number:
            found = self._get(f"git/ref/heads/{branch}")
            return Seen("open", found["object"]["sha"] if found else "")
        pull = self._needed(f"pulls/{number}")
        # Closed and merged are told apart by `merged` alone.
        state = "merged" if pull["merged"] is True else "open" if pull["state"] == "open" else "closed"
        return Seen(state, pull["head"]["sha"])  # type: ignore[arg-type]

    def find(self, branch: str, path: str, mark: str) -> Found | None:
        pulls = self._needed("pulls?state=all&sort=updated&direction=desc&per_page=50")
        there = [each for each in pulls if each["state"] == "open" or each.get("merged_at")]
        named = [each for each in there if each["head"]["ref"] == branch]
        others = [each for each in there if not each["head"]["ref"].startswith("baton/")][:LOOKED_INTO]
        for pull in named or [each for each in others if self._brings(each["number"], path, mark)]:
            label = pull["head"].get("label") or f":{pull['head']['ref']}"
            return Found(pull["number"], pull["html_url"], label[:200], pull["head"]["sha"])
        return None

    def _brings(self, number: int, path: str, mark: str) -> bool:
        """Whether a pull request writes that file, or a text with that in it."""
        for file in self._get(f"pulls/{number}/files?per_page=100") or []:
            if file["status"] != "removed" and (file["filename"] == path or (mark and mark in file.get("patch", ""))):
                return True
        return False

    def withdraw(self, number: int, branch: str, why: str) -> None:
        if number and why:
            self._send("PATCH", f"pulls/{number}", {"state": "closed"})
        if ":" in branch:
            return  # a person's, perhaps in a fork of theirs, where it may be called as our main branch is
        # Nothing is lost with the branch: GitHub keeps the commits of a pull request, and can restore it.
        done = self._call("DELETE", f"git/refs/heads/{branch}")
        if done.status_code not in {204, 404, 409, 422}:
            self._well(done)

    def accept(self, branch: str, message: str) -> None:
        raise Denied("This is decided on GitHub: merge its pull request there.")

    # ---- HTTP

    def _get(self, path: str) -> Any:
        """What is there, or None. What has not changed since is not sent, and not counted, again."""
        url = self._url(path)
        known = _answers.get(url)
        done = self._call("GET", path, headers={"If-None-Match": known[0]} if known else {})
        if done.status_code == 304 and known:
            return known[1]
        if done.status_code == 404:
            return None
        found = self._well(done)
        if etag := done.headers.get("ETag"):
            _answers[url] = (etag, found)
            _answers.move_to_end(url)
            while len(_answers) > KEPT:
                _answers.popitem(last=False)
        return found

    def _needed(self, path: str) -> Any:
        found = self._get(path)
        if found is None:
            raise Denied(f"{self.name} is not there, or BATON_GITHUB_TOKEN may not see it.")
        return found

    def _send(self, method: str, path: str, said: Any) -> Any:
        return self._well(self._call(method, path, said))

    def _url(self, path: str) -> str:
        return f"{self.api}/repos/{self.repo}/{path}".rstrip("/")

    def _call(
        self, method: str, path: str, said: Any = None, headers: dict[str, str] | None = None
    ) -> requests.Response:
        try:
            # Not followed: a token goes to the address that was set, and to no other.
            done = self.session.request(
                method, self._url(path), json=said, headers=headers, timeout=TIMEOUT, allow_redirects=False
            )
        except requests.RequestException as error:
            raise Unreachable(f"{self.name} does not answer ({type(error).__name__}).") from None
        if done.status_code in {403, 429} and (wait := _wait(done)) is not None:
            raise Unreachable(f"{self.name} asks to be left alone for a while.", wait)
        if done.status_code >= 500:
            raise Unreachable(f"{self.name} answers with {done.status_code}.")
        return done

    def _well(self, done: requests.Response) -> Any:
        """What it answered, if it did what was asked."""
        if done.status_code in {200, 201, 204}:
            return done.json() if done.content else None
        if done.status_code in {301, 302, 307, 308}:
            raise Denied(f"{self.name} goes by another name now: put that into BATON_BLOG_REPO.")
        if done.status_code == 401:
            raise Denied("GitHub does not take BATON_GITHUB_TOKEN: it has ended, or is mistyped.")
        if done.status_code in {403, 404}:
            raise Denied(f"BATON_GITHUB_TOKEN may not do that on {self.repo}: it needs contents and pull requests.")
        raise Denied(f"{self.name} refused it ({done.status_code}): {_words(done)}")


def _wait(done: requests.Response) -> float | None:
    """Seconds to wait, when a limit is why it was refused; None when it is something else."""
    said = done.headers.get("Retry-After", "")
    if said.isdigit():
        return min(float(said), LONGEST_WAIT)
    reset = done.headers.get("x-ratelimit-reset", "")
    if done.headers.get("x-ratelimit-remaining") == "0" and reset.isdigit():
        return min(max(1.0, float(reset) - clock.machine() + 1.0), LONGEST_WAIT)
    if done.status_code == 429 or "rate limit" in _words(done).lower():
        return 60.0  # a secondary limit: at least a minute
    return None


def _words(done: requests.Response) -> str:
    """What GitHub says of a refusal, short; nothing that we sent."""
    try:
        found = done.json()
        said = [found.get("message", "")] + [str(each.get("message", "")) for each in found.get("errors", [])]
    except (ValueError, AttributeError):
        return ""
    return " ".join(" ".join(part for part in said if part).split())[:200]


def current() -> GitHub:
    """The repository that the settings name."""
    found = config.current()
    return GitHub(found.blog_repo, found.github_api, found.github_token)

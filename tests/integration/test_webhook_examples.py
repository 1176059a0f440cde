"""GitHub's own examples of what its webhooks send, one of each kind and more, through the real route, signed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.blog import hooks
from services.blog.models import blog
from shared import db
from tests.conftest import Baton
from tests.postgres import absent
from tests.repos import Repo

from .test_blog_pages import SECRET, ada, registered, repo, ring, row

__all__ = ["ada", "repo"]
PATH = Path(__file__).parents[1] / "node/node_modules/@octokit/webhooks-examples/api.github.com/index.json"


@pytest.fixture(scope="module")
def examples() -> list[tuple[str, bytes]]:
    """Event and body of each."""
    if not PATH.exists():
        absent("GitHub's examples of webhooks are not here: npm ci --prefix tests/node")
    return [
        (kind["name"], json.dumps(one).encode()) for kind in json.loads(PATH.read_text()) for one in kind["examples"]
    ]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_event_of_github_is_taken_once_and_what_may_change_a_blog_rings(
    ada: Any, baton: Baton, repo: Repo, examples: list[tuple[str, bytes]]
) -> None:
    """Given a blog at the address that the examples name, When each is delivered twice to its own webhook and to the
    program's, Then all are answered well, the second time as seen before, and every push rings."""
    id = registered(ada, baton, repo)
    with db.write("blog") as tx:
        tx.execute(sa.update(blog).values(clone_url="https://github.com/Codertocat/Hello-World.git"))
    assert len({name for name, _ in examples}) > 50 and {"ping", "push", "repository"} <= {name for name, _ in examples}
    for path, secret in (
        (f"/blog/webhooks/github/{id}", row(baton, id)["hook_secret"]),
        ("/blog/webhooks/github", SECRET),
    ):
        kinds = examples if path.endswith(id) else list(dict(examples).items())
        for number, (name, body) in enumerate(kinds):
            with db.write("blog") as tx:
                tx.execute(sa.update(blog).values(due=None))
            more = {"X-GitHub-Event": name}
            first = ring(baton, path, secret, body, delivery=f"{path}{number}", more=more)
            again = ring(baton, path, secret, body, delivery=f"{path}{number}", more=more)
            assert (first.status_code, again.status_code, again.json["taken"]) == (200, 200, False), (name, first.text)
            assert "here before" in again.json["why"]
            assert first.json["taken"] == (row(baton, id)["due"] is not None)
            if name in hooks.SILENT:
                assert not first.json["taken"], name
            elif name == "push" or path.endswith(id):
                assert first.json["taken"], name
    assert len(baton.rows("blog", "hook")) == len(examples) + len(dict(examples))

"""Every service of docker-compose.yml, as it is written there, as processes of their own in the layout of the image."""

from __future__ import annotations

import email
import email.policy
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
import requests

from shared.config import SERVICES
from tests import smtp
from tests.postgres import absent

from . import image
from .layout import PATIENCE, Layout, family, missing

ORGANIZER = "olga@example.org"
WEB = [f"{name}-web" for name in SERVICES]
WORKERS = [*(f"{name}-worker" for name in SERVICES), "slow-worker", "beat"]


@pytest.fixture(scope="module")
def built() -> Iterator[image.Stage]:
    """The image, packages and all."""
    if lacking := missing(rabbitmq=True):
        absent(f"install these packages to run this: {', '.join(lacking)}")
    folder = Path(tempfile.mkdtemp(prefix="baton-image-", dir="/tmp"))
    yield image.build(folder)
    shutil.rmtree(folder, ignore_errors=True)  # what was killed may be writing still


# One test for both brokers: the parts of a run need each other, and the image takes a while to be made.
def test_everything_runs_as_it_is_written(built: image.Stage) -> None:
    for broker in ("redis", "rabbitmq"):
        with smtp.Server() as post:
            settings = {"BATON_ORGANIZER": ORGANIZER, "BATON_MAIL_FROM": "Baton <baton@example.org>"}
            with Layout(built, broker == "rabbitmq", post.port, settings) as layout:
                starts(layout, broker)
                databases_are_apart(layout)
                visitor = Browser(layout, post)
                somebody_joins(visitor)
                everybody_knows(layout)
                the_organizer_brings_people(visitor)
                the_proxy_is_believed_and_nobody_else(visitor)
                a_restart_is_not_seen(visitor)
                the_doctor_is_content(layout, broker)
                ends(layout, broker)


def starts(layout: Layout, broker: str) -> None:
    """Databases and broker, the migration (two at once), then the rest; each healthy once it runs, not before."""
    first, rest = ["postgres", broker], [*WEB, *WORKERS, "proxy"]
    for name in [*first, *rest]:
        assert not layout.healthy(name), f"the health check of {name} is content with nothing"
    layout.start(*first)
    twice = [layout.spawn("migrate") for _ in range(2)]
    assert [process.wait(PATIENCE) for process in twice] == [0, 0], layout.words("migrate")
    layout.start(*rest)
    for name in [*WEB, *WORKERS]:
        uids = {process.uids().real for process in family(layout.running[name])}
        assert layout.built.uid in uids | {None} and len(uids) == 1, f"{name} runs as {uids}"


def databases_are_apart(layout: Layout) -> None:
    """No service's role gets into another one's database."""
    for mine in SERVICES:
        url = (layout.folder / "run/secrets" / f"{mine}_database_url").read_text().strip()
        psycopg.connect(url).close()
        for other in SERVICES:
            if other != mine:
                with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
                    psycopg.connect(f"{url.rpartition('/')[0]}/baton_{other}")
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(re.sub(r":\w+@", ":wrong@", url))


class Browser:
    """Somebody in front of the proxy."""

    def __init__(self, layout: Layout, post: smtp.Server) -> None:
        self.layout, self.post = layout, post
        self.session = requests.Session()
        self.session.trust_env = False  # whose certificates and proxies are for elsewhere
        self.session.verify = str(layout.certificate)
        self.session.headers["Origin"] = layout.base_url

    def get(self, path: str) -> requests.Response:
        return self.session.get(self.layout.base_url + path, timeout=60, allow_redirects=False)

    def send(self, path: str, **parts: Any) -> requests.Response:
        return self.session.post(self.layout.base_url + path, timeout=60, allow_redirects=False, **parts)

    def mailed(self, recipient: str, purpose: str) -> str:
        """The path of the link in the mail that comes; it must lead to the address people see."""
        found: list[tuple[str, str]] = []

        def look() -> bool:
            for mail in [mail for mail in self.post.taken if mail.recipient == recipient]:
                text = email.message_from_bytes(mail.raw, policy=email.policy.default)
                body: Any = text.get_body(("plain",))
                found.extend(re.findall(rf"(https?://\S+?)(/signup/{purpose}/[\w.~-]+)", body.get_content()))
            return bool(found)

        eventually(f"a mail to {recipient}", look)
        base, path = found[-1]
        assert base == self.layout.base_url
        return path


def somebody_joins(visitor: Browser) -> None:
    """Signs up by HTTPS, gets a mail, confirms."""
    for service in SERVICES:
        assert visitor.get(f"/{service}/ready").json()["status"] == "ready"
    page = visitor.get("/")
    assert page.status_code == 200 and page.headers["Strict-Transport-Security"]
    insecure = f"http://localhost:{visitor.layout.ports['proxy', '80']}/"
    assert requests.get(insecure, allow_redirects=False, timeout=60).headers["Location"].startswith("https://localhost")
    answer = visitor.send("/signup/api/signups", json=application("ada@example.org"))
    assert answer.status_code == 202, answer.text
    link = visitor.mailed("ada@example.org", "confirm")
    assert visitor.get(link).status_code == 200
    assert visitor.send(link).status_code == 303


def application(address: str) -> dict[str, Any]:
    return {
        "name": "Ada",
        "email": address,
        "stream": "stream1",
        "timezone": "Europe/Berlin",
        "charter": "1",
        "answers": {},
    }


def everybody_knows(layout: Layout) -> None:
    """The facts went from service to service, each to its own database."""
    for service in SERVICES:
        url = (layout.folder / "run/secrets" / f"{service}_database_url").read_text().strip()
        with psycopg.connect(url, autocommit=True) as database:
            known = partial(database.execute, "SELECT 1 FROM person WHERE name = 'Ada' AND state <> 'applied'")
            eventually(f"{service} knows her", lambda known=known: known().fetchone())  # type: ignore[misc]


def the_organizer_brings_people(visitor: Browser) -> None:
    """An upload larger than any form passes the proxy, and the slow worker reads it."""
    assert visitor.send("/signup/sign-in", data={"email": ORGANIZER}).status_code in {200, 303}
    assert visitor.send(visitor.mailed(ORGANIZER, "sign-in")).status_code == 303
    rows = "".join(f"p{n}@example.org,Person {n},{'x' * 4500}\n" for n in range(700))
    upload = {"file": ("answers.csv", f"Email,Name,More\n{rows}", "text/csv")}
    answer = visitor.send("/signup/organizer/import", files=upload)
    assert answer.status_code == 303 and answer.headers["Location"].endswith("/columns"), answer.text
    path = answer.headers["Location"].removeprefix(visitor.layout.base_url)
    told = {
        "column.0": "email",
        "column.1": "name",
        "column.2": "",
        "stream": "stream1",
        "timezone": "UTC",
        "dates": "mdy",
    }
    assert visitor.send(path, data=told).status_code == 303
    home = path.removesuffix("/columns")
    eventually("the file is read", lambda: "Import 700 people" in visitor.get(home).text)
    assert "ada@example.org" in visitor.get("/signup/export/members.csv").text


def the_proxy_is_believed_and_nobody_else(visitor: Browser) -> None:
    """Whatever address a sender claims, one sender has one rate: 25 in a row are too many, in whichever minutes."""
    answers = []
    for n in range(25):
        claims = ("X-Forwarded-For", "X_Forwarded_For", "X-Real-IP", "Forwarded")
        forged = {name: f"203.0.113.{n}" for name in claims} | {"X-Forwarded-Host": "evil.example"}
        answers.append(visitor.send("/signup/api/signups", json=application(f"n{n}@example.org"), headers=forged))
    assert {answer.status_code for answer in answers} == {202, 429}
    assert not any("evil.example" in answer.text for answer in answers)


def a_restart_is_not_seen(visitor: Browser) -> None:
    """Who asks while a service is restarted waits a moment."""
    layout, answers = visitor.layout, []
    assert layout.end("signup-web") == 0
    asking = threading.Thread(target=lambda: answers.append(visitor.get("/signup/ready").status_code))
    asking.start()
    layout.start("signup-web")
    asking.join(60)
    assert answers == [200]


def the_doctor_is_content(layout: Layout, broker: str) -> None:
    """Run where an operator would; so is a backup."""
    said = ""

    def content() -> bool:
        nonlocal said
        done = layout.run("migrate", "python", "-m", "shared.cli", "doctor")
        said = done.stdout + done.stderr
        warned = [line for line in said.splitlines() if line.startswith("warning")]
        # What DNS says of example.org is not ours to change.
        return done.returncode == 0 and all(line.startswith("warning  DNS ") for line in warned)

    eventually("the doctor is content", content, lambda: said)
    assert all(f"ok       ticks {service}" in said for service in SERVICES), said
    kept = layout.run("migrate", "python", "-m", "shared.cli", "backup", "/var/lib/baton/all.zip")
    assert kept.returncode == 0 and (layout.folder / "var/lib/baton/all.zip").exists(), kept.stderr
    if broker == "rabbitmq":
        assert "RabbitMQ 3." in said or "RabbitMQ 4." in said
        listed = layout.run("rabbitmq", "rabbitmqctl", "-q", "list_queues", "name", "type", "durable").stdout
        rows = {tuple(line.split("\t")) for line in listed.splitlines()[1:]}
        assert rows == {(name, "quorum", "true") for name in (*SERVICES, "slow")}, "and no others"


def ends(layout: Layout, broker: str) -> None:
    """Stop signal, then its grace: everybody goes by themselves, and takes along what they started."""
    for names in (["proxy", *WEB, *WORKERS], [broker, "postgres"]):
        children = [child for name in names for child in family(layout.running[name])]
        with ThreadPoolExecutor(len(names)) as pool:
            codes = dict(zip(names, pool.map(layout.end, names), strict=True))
        assert codes == dict.fromkeys(names, 0), {name: layout.words(name) for name in names if codes.get(name)}
        _, alive = psutil.wait_procs(children, 10)
        assert not alive
        if broker == "rabbitmq" and "postgres" not in names:
            done = layout.run("migrate", "python", "-m", "shared.cli", "doctor")
            assert "nobody takes messages of: signup, sessions, notifications, blog, slow" in done.stdout, done.stdout
    for name in (*WEB, *WORKERS):
        assert "Traceback" not in layout.words(name), layout.words(name)


def eventually(what: str, true: Callable[[], object], said: Callable[[], str] = str) -> None:
    """Poll until it is true."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"waited {PATIENCE:.0f} s for: {what} {said()}"
        time.sleep(0.2)

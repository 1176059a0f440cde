"""`./baton demo`: months of a program's life in minutes, made by running the real system.

`./baton up` is started on a data folder of its own, with program time standing still. Simulated members sign up by the
form, read their mails, and press the buttons in them, over HTTP; whenever nothing is owed any more, time is stepped to
the next moment at which somebody does something or something is due. It ends today, so that afterwards
`./baton up --data var/demo` goes on from there. No table is filled by hand.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .. import config
from . import Refused, broker, settings
from .progress import Progress
from .rehearse import DAYS_A_MONTH, MONTHS_MOST, number

MARK = "demo.json"
PORT = 8000  # as of `./baton up`
BLOGS = "members-blogs"  # the repositories of those who write, within the data folder
READY_WITHIN = 120.0
SHOWN = 0.4  # seconds that each deed is shown
LEAST_PEOPLE, MOST_PEOPLE = 1, 2000


def main(args: list[str]) -> int:
    """Start, play, check, end; 1 when a promise is broken or a page did not do what it offered."""
    options = parse(args)
    folder = settings.called_from(options.data) if options.data else settings.ROOT / "var" / "demo"
    claim(folder, options)
    with running(folder, options) as (base_url, link):
        report, door = play(folder, base_url, link, options)
        print(
            json.dumps(report)
            if options.json
            else "\n".join([*text(report), *around(report, base_url if options.stay else "", door)]),
            flush=True,
        )
        if options.stay and not options.json:
            print("\nIt stays up, its clock standing still. Ctrl-C stops it.", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                tick()
    if not options.json:
        print("\n".join(afterwards(folder, options)))
    return 1 if report["astray"] or any(each["wrong"] for each in report["promises"]) else 0


def tick() -> None:
    """Ring as the worker would, for as long as this stays: it was started without ticks of its own."""
    from .. import worker

    while True:
        worker.ring(config.SERVICES)
        time.sleep(worker.TICK)


def parse(args: list[str]) -> argparse.Namespace:
    """The command line, checked."""
    parser = argparse.ArgumentParser(
        prog="./baton demo", description="Months of a program's life in minutes, on the real system."
    )
    parser.add_argument("--people", type=int, default=40, help="how many sign up (default 40)")
    parser.add_argument("--months", type=number(0, MONTHS_MOST), default=3.0, help="how long, until today (default 3)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other people (default 1)")
    parser.add_argument("--show", action="store_true", help="slowly enough to watch, with a line for each deed")
    parser.add_argument("--port", type=int, help="where its pages are (default 8000, or one that is free)")
    parser.add_argument("--data", help="its own data folder (default: var/demo)")
    parser.add_argument("--again", action="store_true", help="remove the demo that is in that folder first")
    parser.add_argument("--json", action="store_true", help="answer in JSON")
    parser.add_argument(
        "--stay", action=argparse.BooleanOptionalAction, default=sys.stdin.isatty(),
        help="keep its pages up until Ctrl-C (default: on a terminal)",
    )  # fmt: skip
    options = parser.parse_args(args)
    if not LEAST_PEOPLE <= options.people <= MOST_PEOPLE:
        raise Refused(f"--people {options.people}: give a number from {LEAST_PEOPLE} to {MOST_PEOPLE}")
    # The links in its mails name this port, and are to work afterwards, too.
    options.port = options.port or (PORT if broker.free(PORT) else broker.any_port())
    return options


def claim(folder: Path, options: argparse.Namespace) -> None:
    """Make the folder a demo's; one that holds anything else is left alone.

    :raises Refused: there is data, or a demo and no `--again`.
    """
    there = list(folder.iterdir()) if folder.is_dir() else []
    if folder.exists() and not folder.is_dir():
        raise Refused(f"{folder} is no folder: give another --data")
    if there and not (folder / MARK).exists():
        raise Refused(f"{folder} holds something that no demo made: give another --data; nothing was changed")
    if there and not options.again:
        raise Refused(f"{folder} holds a demo already: give --again to make a new one in its place, or another --data")
    if there:
        _not_running(folder)
        shutil.rmtree(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).write_text(json.dumps({"people": options.people, "months": options.months}) + "\n")
    except OSError as error:
        raise Refused(settings.unwritable(folder, error)) from None


def _not_running(folder: Path) -> None:
    """:raises Refused: somebody looks at that demo just now."""
    from .up import only_one

    with open(folder / "up.lock", "a+") as lock:
        only_one(lock, folder)


@contextlib.contextmanager
def running(folder: Path, options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """`./baton up` on that folder, while this lasts: its address, and the link that signs the first organizer in."""
    port = options.port
    from .. import clock
    from ..mortal import die_with_parent

    start = datetime.fromtimestamp(clock.machine(), UTC) - timedelta(days=options.months * DAYS_A_MONTH)
    own = {
        "BATON_DATA": str(folder),
        "BATON_BASE_URL": f"http://localhost:{port}",
        "BATON_CLOCK": f"{start.replace(microsecond=0).isoformat()}*0",
        "BATON_SIGNUP_RATE": "1000000/minute",  # everybody comes from this machine
        "BATON_BLOG_LOCAL": local(folder),
        "BATON_DISK": "fast",  # after a power cut one makes another demo
    }
    # What `.env` or the shell say of the live system is none of the demo's: its databases, broker and mail server most.
    plain = {name: "" for name in settings.merged() if name.startswith("BATON_") and name not in KEPT}
    os.environ.update(plain | own)
    up = [sys.executable, "-m", "shared.cli", "up", "--no-ticks", "--port", str(port), "--data", str(folder)]
    said = folder / "up.log"
    with open(said, "wb") as out:
        process = subprocess.Popen(
            up, cwd=settings.ROOT, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            preexec_fn=partial(die_with_parent, os.getpid(), signal.SIGTERM),
        )  # fmt: skip
    try:
        link = _wait(process, said)
        yield own["BATON_BASE_URL"], link
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(90)
        except subprocess.TimeoutExpired:
            process.kill()


GUESTS = (("Ruth Amsel", "ruth@example.net"), ("Diego Luna", "diego@example.net"))
VISITORS = 3  # members who look at all their pages in the end, beside the organizer
FIRST_TO_WRITE = 2  # of those who sign up: even the smallest demo has a post
BEFORE_THE_END = timedelta(hours=8)  # the last look at posts: none waits where the demo ends
KEPT = ("BATON_VENV", "BATON_CALLED_FROM", "BATON_LOG")


def _wait(process: subprocess.Popen[bytes], said: Path) -> str:
    """The organizer's link, once everything answers."""
    end = time.monotonic() + READY_WITHIN
    while True:
        text = said.read_text(errors="replace")
        if "Ctrl-C stops it" in text:
            return next(line.split()[1] for line in text.splitlines() if line.strip().startswith("Organizer"))
        if process.poll() is not None or time.monotonic() > end:
            raise Refused(f"the system does not start: {text.strip().splitlines()[-1] if text.strip() else 'silence'}")
        time.sleep(0.05)


def around(report: dict[str, Any], base_url: str, door: str) -> list[str]:
    """Where to look, while it is up (no `base_url`: it is not) and afterwards."""
    said = ["", "Look around:", ""]
    said += [f"  Program      {base_url}/", f"  Mails        {base_url}/notifications/outbox"] if base_url else []
    said += [f"  Organizer    {door}", "               (signs you in, once)"] if door else []
    if report["site"]:
        said.append(f"  Blog         python3 -m http.server --directory {shlex.quote(report['site'])} 4000")
    elif report["posts"]:
        said.append("  Blog         install Jekyll, and the next demo builds it")
    return said


def afterwards(folder: Path, options: argparse.Namespace) -> list[str]:
    """How it goes on from there, by the real time."""
    port = "" if options.port == PORT else f" --port {options.port}"
    return [
        "",
        "It goes on from here:",
        "",
        f"  BATON_BLOG_LOCAL={local(folder)} ./baton up --data {shlex.quote(str(folder))}{port}",
    ]


def local(folder: Path) -> str:
    """The folder of members' blogs, as BATON_BLOG_LOCAL takes it."""
    return quote(str((folder / BLOGS).absolute()))


def play(folder: Path, base_url: str, link: str, options: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """Let people live until today; what came of it, as plain data, and a link that signs the organizer in."""
    from .. import clock, engines
    from .simulation import around, figures, promises, site, worlds
    from .simulation.blogs import Blog
    from .simulation.browser import Browser
    from .simulation.company import Company
    from .simulation.crowd import applicants
    from .simulation.habits import Habits, Lives
    from .simulation.members import Member
    from .simulation.organizer import Organizer
    from .simulation.play import play as on
    from .simulation.writers import Writer

    settings.apply(str(folder))
    config.use(config.load(settings.merged()))
    worlds.load()
    world = worlds.Running(base_url)
    began, start = time.monotonic(), clock.now()
    end = start + timedelta(days=options.months * DAYS_A_MONTH)
    say = _shown(options.show, base_url)
    lives = Lives()
    company = Company(options.seed, Habits(), lives, say)
    organizer = Organizer(company, config.current().organizer, Browser(world.ask("")))
    company.add(organizer)
    organizer.sign_in(link)
    for name, address in GUESTS:
        company.add(Member(company, address, name, Browser(world.ask(address))))
    organizer.plan(list(GUESTS))
    company.later(end - BEFORE_THE_END, organizer, organizer.review)
    number = 0
    for each in applicants(options.people, options.months * DAYS_A_MONTH, options.seed):
        person = Member(company, each.address, each.name, Browser(world.ask(each.address)))
        company.add(person)
        number += 1
        writer = Writer(person, Blog(folder / BLOGS, each.name, number - 1, person.dice("blog")))
        person.begin_a_blog, person.mend = writer.plan, writer.mend
        if number == FIRST_TO_WRITE or person.dice("writes").random() < lives.writes:
            person.plans.append(writer.plan)
        company.later(start + timedelta(days=each.day), person, partial(person.sign_up, each.stream, each.zone))
    bar = Progress("days")
    placed = 0

    def look() -> None:
        nonlocal placed
        if placed != company.placed:
            placed = company.placed
            organizer.look_soon(clock.now())
        if not options.show:
            bar((clock.now() - start).days, (end - start).days, f"{clock.now():%d %b %Y}")

    try:
        moments = on(world, company, worlds.Post(), end, look)
        bar.end()
        members = [one for one in company.people.values() if isinstance(one, Member)]
        found = promises.check(
            {one.address for one in members if one.signed_up}, {one.address for one in members if one.inside}
        )
        kinds, _ = figures.mails(start)
        try:
            built = site.build(folder)
        except site.Broken as broken:
            built = None
            company.astray.append(f"the program's blog: {broken}")
        opened = 0
        inside = [one for one in members if one.inside][:VISITORS]
        for who, starts in [(organizer, around.ORGANIZER), *((one, around.MEMBER) for one in inside)]:
            found_open, broken_ones = around.look(who.browser, starts)
            opened += found_open
            company.astray += [f"at the end, {who.name}: {each}" for each in broken_ones]
        report = {
            "from": start.isoformat(),
            "to": end.isoformat(),
            "seconds": round(time.monotonic() - began, 1),
            "moments": moments,
            "people": figures.people(),
            "sessions": figures.sessions(),
            "gatherings": figures.gatherings(),
            "turns": figures.turns(),
            "mails": kinds,
            "mail_states": figures.mail_states(),
            "posts": figures.posts(),
            "site": str(built) if built else None,
            "dead": figures.dead(),
            "circles": figures.circles(start, end),
            "done": dict(company.done.most_common()),
            "organizer": [
                {"at": deed.at.isoformat(), "what": deed.what, "why": deed.why, "usual": deed.usual}
                for deed in organizer.deeds
            ],
            "pages": opened,
            "promises": [each._asdict() for each in found],
            "astray": company.astray,
        }
        return report, _door(world, organizer) if options.stay else ""
    finally:
        bar.end()
        world.written.close()
        engines.close()


def _door(world: Any, organizer: Any) -> str:
    """A link that signs the organizer in, asked for by the page and read in the mail, as everybody's."""
    from .simulation.worlds import Post

    post = Post()
    organizer.ask_for_a_link()
    world.settle()
    return next((door for letter in post.fetch() if (door := letter.link("sign-in"))), "")


def _shown(slowly: bool, base_url: str) -> Any:
    """How deeds are told: a line each, with a pause to look at it; or not at all."""
    if not slowly:
        return lambda at, who, what: None
    print(f"Watch it at {base_url}/ and every mail at {base_url}/notifications/outbox", flush=True)

    def say(at: datetime, who: str, what: str) -> None:
        print(f"{at:%a %d %b %Y %H:%M}  {who} {what}", flush=True)
        time.sleep(SHOWN)

    return say


USUAL = {
    "dates": "set when a circle meets",
    "plans": "planned meetings and talks, asked guests",
    "gatherings": "sent a meeting or talk that was proposed",
    "posts": "reviewed a post",
}


def text(report: dict[str, Any]) -> list[str]:
    """The table at the end."""
    from .simulation.promises import Found, lines
    from .simulation.report import bars

    first, last = (datetime.fromisoformat(report[name]) for name in ("from", "to"))
    said = [f"{first.day} {first:%B %Y} to {last.day} {last:%B %Y}, in {report['seconds']:.0f} s"]
    said.append(f"{report['moments']} moments at which something was due")
    for title, counts in (
        ("People", report["people"]),
        ("Sessions", report["sessions"]),
        ("Meetings and talks", report["gatherings"]),
        *((f"Turns as {role}", counts) for role, counts in report["turns"].items()),
        ("Mails by kind", report["mails"]),
        ("Mails by state", {"held": 0, **report["mail_states"]}),
        ("Events given up", {"dead": report["dead"]}),
        ("Posts offered to the program's blog", report["posts"]),
        ("What people did", report["done"]),
    ):
        said += ["", title, *(bars(list(counts.items())) or ["  none so far"])]
    usual = Counter(deed["usual"] for deed in report["organizer"])
    said += ["", "What the organizer did in the usual course", *bars([(USUAL[name], usual[name]) for name in USUAL])]
    said += ["", "Where the organizer had to step in"]
    deeds = [deed for deed in report["organizer"] if not deed["usual"]]
    said += [f"  {deed['at'][:10]}  {deed['what']}: {deed['why']}" for deed in deeds] or ["  nowhere"]
    said += ["", "Promises", *lines([Found(**each) for each in report["promises"]])]
    said += ["", f"{report['pages']} pages looked at in the end"]
    if report["astray"]:
        said += ["", "Pages that did not do what they offered", *(f"  {each}" for each in report["astray"])]
    return said

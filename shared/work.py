"""The worker process: Celery, ticking inside, for the services BATON_SERVICES names.

`python -m shared.work`, on a laptop as in production (there with `--no-beat`: `shared.beat` ticks for all of them). The
flags have their reasons here, the settings theirs in `shared/worker.py`.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from pathlib import Path
from typing import Any

from . import config
from .mortal import die_with_parent

ALIVE_EVERY = 10.0  # seconds between two touches of the file that --alive names


def arguments(options: argparse.Namespace, services: tuple[str, ...]) -> dict[str, Any]:
    """How Celery's worker runs. Made without its command line, which would load a shell into every process."""
    from . import crew

    return {
        # solo and threads ignore time limits, and the solo pool stalls on RabbitMQ.
        "pool_cls": "prefork",
        "consumer_cls": consumer(),
        "autoscale": (options.concurrency, 1),
        "autoscaler_cls": crew.Crew,
        "queues": options.queues or ",".join([*services, "slow"]),
        # Workers need not know of each other; both cost a fanout exchange and start-up time.
        "without_mingle": True,
        "without_gossip": True,
        "without_heartbeat": True,
        "loglevel": "WARNING",
        "quiet": True,
    }


def consumer() -> type:
    """Celery's, less a step: for delays, which we have none of (they are columns), each worker would make some thirty
    queues and exchanges on RabbitMQ at every connection, and warn of each of ours.
    """
    from celery.worker.consumer import Consumer

    class Undelayed(Consumer):  # type: ignore[misc]
        class Blueprint(Consumer.Blueprint):  # type: ignore[misc]
            default_steps = [step for step in Consumer.Blueprint.default_steps if "DelayedDelivery" not in step]

    return Undelayed


def main(args: list[str]) -> int:
    """Work until TERM: then what is in hand is finished, 60 s at most by the tasks' own limits."""
    parser = argparse.ArgumentParser(prog="python -m shared.work", description="The worker process.")
    parser.add_argument("--concurrency", type=int, default=2, help="processes that handle tasks, at most")
    parser.add_argument(
        "--queues", help="only these queues, by name (the queue `slow` has its own workers in production)"
    )
    parser.add_argument("--no-beat", dest="beat", action="store_false", help="another worker ticks")
    parser.add_argument("--ready", type=Path, help="make this file when the worker takes tasks")
    parser.add_argument(
        "--alive", type=Path, help=f"touch this file every {ALIVE_EVERY:.0f} s while tasks are taken: for health checks"
    )
    options = parser.parse_args(args)
    os.environ["BATON_ROLE"] = "worker"
    # People wait for the web process; where both share a machine, it goes first, and is not interrupted by us. Not
    # SCHED_IDLE: on a machine busy with other work that would stop us, perhaps with a lock in hand.
    os.nice(19)
    if hasattr(os, "sched_setscheduler"):  # Linux
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))
    try:
        settings = config.current()
        (settings.data / "run").mkdir(parents=True, exist_ok=True)
        from celery import signals

        from .worker import TICK, app, ring

        if not settings.broker_url.startswith("amqp"):
            from . import transport

            transport.mend()
    except config.SettingError as wrong:
        print(f"error: {wrong}", file=sys.stderr)
        return 2
    parent = os.getpid()

    def child(**_: Any) -> None:
        die_with_parent(parent)

    def ready(**_: Any) -> None:
        if options.ready:
            options.ready.write_text(f"{parent}\n")

    def show_life(sender: Any, **_: Any) -> None:
        # By the loop that takes tasks: a worker that is stuck, or has lost the broker, does not touch it.
        if options.alive:
            options.alive.touch()
            sender.timer.call_repeatedly(ALIVE_EVERY, options.alive.touch)

    def ticking(sender: Any, **_: Any) -> None:
        # In the loop that takes tasks, not in a process of its own as Celery's beat would be: that costs memory, and
        # can die alone. While the broker is away this loop is busy with finding it again, and no tick would arrive.
        if options.beat:
            sender.timer.call_repeatedly(TICK, ring, args=(settings.services,))

    def frozen(**_: Any) -> None:
        # A collection in a child would write to every object it got from its parent, and so copy all of its memory.
        # Before each fork, not once: what Celery loads when it starts its pool and its loop is as much.
        gc.collect()
        gc.freeze()
        # As in the web: what a task makes goes with it, and looking for circles after every 700 objects takes its time.
        gc.set_threshold(10_000)

    # Kept in variables: Celery holds signal handlers weakly.
    signals.worker_before_create_process.connect(frozen)
    signals.worker_process_init.connect(child)
    signals.worker_ready.connect(ready)
    signals.worker_ready.connect(show_life)
    signals.worker_ready.connect(ticking)
    worker = app.Worker(**arguments(options, settings.services))
    worker.start()
    return int(worker.exitcode or 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

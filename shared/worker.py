"""The one Celery app. Workers move everything: events, receipts, mails, what happens by time.

Tasks are named `<service>.<task>` and routed to the queue of that name; BATON_SERVICES says which services a process
carries. A task is only a doorbell: the fact is in SQL, and what a queue loses is sent again.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
from collections.abc import Callable, Iterable
from typing import Any

from celery import Celery, signals
from kombu import Queue

from . import clock, config, doorbell, engines, faults, log, pulse, revocation, schedule
from .events import inbox, keeping, relay, replay

TICK = 2.0  # seconds between ticks: how late a lost doorbell can make things
TICK_WITHIN = TICK * 5  # seconds until one that nobody took is thrown away
REPLAY_SECONDS = 15.0  # of one tick; a task has 45
SLOW = "slow"

app = Celery("baton", set_as_current=False)
logger = log.get()


def settings(found: config.Config) -> dict[str, Any]:
    """Celery's settings, each with its reason."""
    redis = found.broker_url.startswith(("redis", "unix"))
    return {
        "broker_url": found.broker_url,
        # Results would be a second place for the truth, and a key per task in Redis.
        "task_ignore_result": True,
        "result_backend": None,
        # Late acks made prefork workers exit when the broker died during a task; rejection lets a poison task kill for
        # ever. What a worker loses, the outbox sends again.
        "task_acks_late": False,
        "task_reject_on_worker_lost": False,
        # One message ahead: a message held by a busy worker cannot be taken by an idle one.
        "worker_prefetch_multiplier": 1,
        "task_soft_time_limit": 45,
        "task_time_limit": 60,
        "broker_transport_options": {
            # Longer than the longest task; unacked messages of a dead worker come back after it (celery #4354).
            "visibility_timeout": 900,
            # A frozen broker is noticed after this many seconds.
            "socket_timeout": 10,
            "socket_connect_timeout": 5,
            "unacked_restore_throttle": 1,
        }
        if redis
        else {
            # A message counts as queued once the broker says that it keeps it.
            "confirm_publish": True,
            # As above: a frozen broker is noticed after ten seconds, not when the socket happens to break.
            "read_timeout": 10,
            "write_timeout": 10,
        },
        "broker_connection_timeout": 5,
        # Nobody speaks to running workers over the broker. It would cost a fanout exchange and a queue for each, not
        # durable and not a quorum queue, of a kind that RabbitMQ is about to refuse.
        "worker_enable_remote_control": False,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        # A Redis whose disk is full refuses every command (MISCONF), and takes them again by itself once there is room.
        # Without this a worker gives up for good at the first refusal, and hangs while it does (tried).
        "broker_channel_error_retry": True,
        # A dead broker must not hold a publisher: the tick tries again.
        "task_publish_retry": True,
        "task_publish_retry_policy": {"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2},
        # Nothing but JSON: a message can come from anybody who reaches the broker.
        "task_serializer": "json",
        "accept_content": ["json"],
        "enable_utc": True,
        "timezone": "UTC",
        "task_create_missing_queues": False,
        "task_queues": [_queue(name, redis) for name in (*config.SERVICES, SLOW)],
        "task_default_queue": "signup",
        "task_routes": (_route,),
        "worker_send_task_events": False,
        "task_send_sent_event": False,
        "worker_hijack_root_logger": False,
        "worker_cancel_long_running_tasks_on_connection_loss": False,
        "beat_schedule": {
            f"{name}.tick": {"task": f"{name}.tick", "schedule": TICK, "options": {"expires": TICK_WITHIN}}
            for name in found.services
        },
        # A tick missed for long is not made up for.
        "beat_max_loop_interval": TICK,
    }


def _queue(name: str, redis: bool) -> Queue:
    # RabbitMQ: quorum queues keep messages when a node dies; classic mirrored ones are gone.
    return Queue(name, routing_key=name, queue_arguments=None if redis else {"x-queue-type": "quorum"})


def _route(name: str, *_args: Any, **_kwargs: Any) -> dict[str, str]:
    return {"queue": name.partition(".")[0]}


@app.on_configure.connect
def _configure(sender: Celery, **_kwargs: Any) -> None:
    """Settings are read at their first use, so that importing this module needs none."""
    sender.config_from_object(settings(config.current()))


@signals.import_modules.connect(weak=False)
def _carry_all(sender: Celery, **_kwargs: Any) -> None:
    """A worker starts: register the tasks of the services it carries."""
    log.configure(config.current().log)
    for service in config.current().services:
        carry(service)


_carried: set[str] = set()


def carry(service: str) -> None:
    """Import what a service does in a worker, and register its tasks."""
    if service in _carried:
        return
    _carried.add(service)
    importlib.import_module("shared.personal")
    importlib.import_module(f"services.{service}.models")
    for part in ("handlers", "schedule", "tasks", "personal"):
        name = f"services.{service}.{part}"
        if importlib.util.find_spec(name):
            importlib.import_module(name)

    @app.task(name=f"{service}.receive")
    def receive(payload: dict[str, Any]) -> None:
        receipt = inbox.receive(service, payload)
        inbox.answer(payload["events"][0]["source"].strip("/"), receipt)

    @app.task(name=f"{service}.confirm")
    def confirm(payload: dict[str, Any]) -> None:
        relay.confirm(service, payload)

    @app.task(name=f"{service}.forget")
    def forget(payload: dict[str, Any]) -> None:
        keeping.forget(service, payload)

    @app.task(name=f"{service}.tick")
    def tick(only: list[str] | None = None) -> None:
        """
        :param only: these jobs alone, asked for by who steps program time and knows that nothing else is due; what is
            due by machine time waits for a tick that comes by itself.
        """
        with faults.watched(service):
            if only is None:
                pulse.beat(service)
                relay.deliver_due(service)
                for subscriber in dict.fromkeys([*replay.newcomers(service), *replay.waiting(service)]):
                    with contextlib.suppress(replay.Running):
                        replay.replay(service, subscriber, seconds=REPLAY_SECONDS)
            schedule.tick(service, only)
            for hook in _ticks.get(service, []):
                hook()

    @schedule.job(service, "prune", schedule.daily(3, lambda _tx: "UTC", schedule.never))
    def prune(tx: Any, _period: str) -> bool:
        more = keeping.prune(tx)
        if not more:
            schedule.prune(tx)
            revocation.prune(tx)
            keeping.release(tx)
        return more


_ticks: dict[str, list[Callable[[], Any]]] = {}


def on_tick(service: str, due: schedule.Due | None = None) -> Callable[[Callable[[], Any]], Callable[[], Any]]:
    """Call a function of `service` at every tick, after deliveries and jobs.

    :param due: when it next has something to do by program time: the first instant after the one it is given.
    """

    def register(hook: Callable[[], Any]) -> Callable[[], Any]:
        _ticks.setdefault(service, []).append(hook)
        if due is not None:
            schedule.at_tick(service, due)
        return hook

    return register


def task(name: str) -> Callable[[Callable[..., Any]], Any]:
    """Register a task of a service, named `<service>.<task>`, or `slow.<task>`: that may take ten minutes, in steps."""
    limits = {"soft_time_limit": 600, "time_limit": 630} if name.startswith(f"{SLOW}.") else {}
    return app.task(name=name, **limits)


def send(name: str, *args: Any) -> None:
    """Put a task message on its queue, now.

    :raises Exception: the broker does not answer (kombu's OperationalError, mostly).
    """
    try:
        app.send_task(name, args=args)
    except Exception as error:
        doorbell.away(error)
        raise
    doorbell.back()


def ring(services: Iterable[str]) -> None:
    """Ask for a tick of each service. One that is not taken in time is not made up for."""
    try:
        for service in services:
            app.send_task(f"{service}.tick", expires=TICK_WITHIN)
    except Exception as error:
        doorbell.away(error)
    else:
        doorbell.back()


@signals.task_prerun.connect
def _forget_ids(**_kwargs: Any) -> None:
    log.clear()


@signals.worker_init.connect
def _before_fork(**_kwargs: Any) -> None:
    """Send what waited for this start. What that loads and builds, the children then share with their parent."""
    clock.zones()
    for service in config.current().services:
        try:
            relay.deliver_due(service)
        except Exception as error:
            logger.warning("worker.first_delivery_failed", service=service, error=type(error).__name__)
    # Engines are keyed by process, and connections do not cross a fork.
    engines.close()


@signals.setup_logging.connect
def _keep_our_logs(**_kwargs: Any) -> None:
    """Celery's own log lines go where ours go; its set-up of the root logger would double them."""
    doorbell.listen()

"""The floor of memory: web, worker and beat in one process (waitress, Celery solo), on the libraries that Baton uses.

`python -m tests.bench.floors.stack PORT`; FLOOR_BROKER is the broker's URL.
"""

from __future__ import annotations

import os
import sys
import threading
from typing import Any

import sqlalchemy as sa
from celery import Celery
from celery.beat import Service
from flask import Flask
from flask_smorest import Api, Blueprint
from marshmallow import Schema, fields
from waitress import serve  # type: ignore[import-untyped]
from werkzeug.middleware.dispatcher import DispatcherMiddleware

SERVICES = ("signup", "sessions", "notifications", "blog")
celery = Celery("stack", broker=os.environ["FLOOR_BROKER"], set_as_current=False)
celery.conf.update(
    task_ignore_result=True,
    beat_schedule={name: {"task": f"{name}.tick", "schedule": 2.0} for name in SERVICES},
)


class Thing(Schema):
    name = fields.String(required=True)


def create(service: str) -> Flask:
    """A small service with a table, an API and a task."""
    app = Flask(service)
    app.config.update(API_TITLE=service, API_VERSION="v1", OPENAPI_VERSION="3.1.0")
    engine = sa.create_engine("sqlite://", poolclass=sa.StaticPool, connect_args={"check_same_thread": False})
    with engine.begin() as tx:
        tx.execute(sa.text("CREATE TABLE thing (name TEXT)"))
    blueprint = Blueprint("api", __name__, url_prefix="/api")

    @blueprint.post("/things")
    @blueprint.arguments(Thing)
    @blueprint.response(201, Thing)
    def add(thing: dict[str, str]) -> dict[str, str]:
        with engine.begin() as tx:
            tx.execute(sa.text("INSERT INTO thing VALUES (:name)"), thing)
        return thing

    @app.get("/live")
    def live() -> str:
        return "live"

    Api(app).register_blueprint(blueprint)

    @celery.task(name=f"{service}.tick")
    def tick() -> None:
        with engine.connect() as tx:
            tx.execute(sa.text("SELECT count(*) FROM thing"))

    return app


if __name__ == "__main__":
    apps: dict[str, Any] = {f"/{name}": create(name) for name in SERVICES}
    threading.Thread(
        target=serve, args=(DispatcherMiddleware(Flask("front"), apps),),
        kwargs={"host": "127.0.0.1", "port": int(sys.argv[1]), "threads": 4}, daemon=True,
    ).start()  # fmt: skip
    beat = Service(celery, scheduler_cls="celery.beat:Scheduler")
    threading.Thread(target=beat.start, kwargs={"embedded_process": False}, daemon=True).start()
    celery.worker_main(["worker", "--pool=solo", "--without-mingle", "--without-gossip", "--loglevel=ERROR"])

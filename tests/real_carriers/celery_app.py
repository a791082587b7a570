"""Celery's application, for its worker and its caller."""

from __future__ import annotations

import os

from celery import Celery

app = Celery(
    "celery_app",
    broker=os.environ["REDIS_URL"],
    backend=os.environ["REDIS_URL"],
    result_serializer=os.environ["SERIALIZER"],
    accept_content=["json", "pickle"],
)


@app.task(name="fail")
def fail(probe: str) -> None:
    import tasks

    tasks.fail(probe)

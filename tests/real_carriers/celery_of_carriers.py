"""Celery's application, for its worker and its caller."""

from __future__ import annotations

import os

from celery import Celery

app = Celery(
    "celery_of_carriers",
    broker=os.environ["REDIS_URL"],
    backend=os.environ["REDIS_URL"],
    result_serializer=os.environ["SERIALIZER"],
    accept_content=["json", "pickle"],
)


@app.task(name="fail")  # type: ignore[untyped-decorator]  # Celery is Any to mypy
def fail(probe: str) -> None:
    import carrier_tasks

    carrier_tasks.fail(probe)

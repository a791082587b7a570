"""The project's Celery application. Its tasks fail, each in its way."""

from __future__ import annotations

import celery_errors
import celery_errors_before
from celery import Celery

STOCK: dict[str, int] = {}


def charge() -> None:
    """With the fix: what the client needs of the cause is in the error's arguments."""
    try:
        STOCK["A1"]
    except KeyError as missing:
        raise celery_errors.Declined(7, f"no stock of {missing}") from missing


def charge_before() -> None:
    raise celery_errors_before.Declined(7, "no stock of 'A1'")


def connect_before() -> None:
    raise celery_errors_before.Unavailable("bank", seconds=30)


def find_before() -> None:
    raise celery_errors_before.NotFound("bob")


def annotate_before() -> None:
    error = celery_errors_before.ShopError("closed")
    error.until = "Monday"  # type: ignore[attr-defined]  # as applications do
    raise error


def look_up_before() -> None:
    try:
        STOCK["A1"]
    except KeyError as missing:
        raise celery_errors_before.ShopError("no stock") from missing


TASKS = (charge, charge_before, connect_before, find_before, annotate_before, look_up_before)


def application(result_serializer: str) -> Celery:
    """The application, with the broker and the results in memory: they are encoded there as they
    would be in Redis."""
    app = Celery("shop", broker="memory://", backend="cache+memory://", set_as_current=False)
    app.conf.update(
        result_serializer=result_serializer,
        result_accept_content=[result_serializer],
        broker_transport_options={"polling_interval": 0.01},
    )
    for task in TASKS:
        app.task(name=task.__name__)(task)
    return app

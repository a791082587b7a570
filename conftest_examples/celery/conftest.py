"""Celery stores the error of a task in its result backend, as JSON or as a pickle, and
``AsyncResult.get()`` raises it in the client.

What happens without the fix: nothing fails. What cannot be rebuilt from its ``args`` is replaced in
the worker, by the nearest base class that can be, or by a wrapper; JSON stores a name and ``args``
and nothing else. So the client gets another class, without its attributes, and an ``except`` clause
that used to match does not. Nobody carries the cause.

The fix is one that holds for both: an exception whose ``args`` are the parameters of its
constructor, and whose message is made from them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from unittest.mock import patch

import pytest
from celery import Celery
from celery.contrib.testing.app import setup_default_app
from celery.contrib.testing.worker import start_worker
from celery.signals import setup_logging
from celery_app import application


def _leave_logging_alone(**_: object) -> None:
    """Celery sets logging up unless somebody listens to this signal."""


@pytest.fixture(scope="module", params=["json", "pickle"])
def app(request: pytest.FixtureRequest) -> Iterator[Celery]:
    """The application with its worker running in a thread, storing results as JSON and as
    pickles."""
    setup_logging.connect(_leave_logging_alone)
    shop = application(request.param)
    worker = start_worker(shop, perform_ping_check=False, shutdown_timeout=120)
    try:
        # a worker leaves its log level in the environment
        with setup_default_app(shop), patch.dict(os.environ), worker:
            yield shop
    finally:
        setup_logging.disconnect(_leave_logging_alone)

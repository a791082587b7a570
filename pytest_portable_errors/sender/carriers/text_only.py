"""Carriers that keep the text of an error and nothing else: there is no trip to make with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TextOnly:
    """What such a carrier keeps."""

    says: str
    """What its reader is given, and what is gone."""
    seen: str
    """The distribution and the version that this was seen with."""


TEXT_ONLY: Mapping[str, TextOnly] = {
    "rq": TextOnly(
        says="latest_result().exc_string has the traceback; return_value() is None",
        seen="rq 3.0",
    ),
    "huey": TextOnly(
        says="TaskException, whose metadata has repr and traceback; after SystemExit nothing is "
        "stored, and the caller waits",
        seen="huey 3.5",
    ),
    "saq": TextOnly(
        says="job.error has the traceback; Queue.apply raises JobError with that text; SystemExit "
        "ends the worker",
        seen="saq 0.26",
    ),
    "dramatiq": TextOnly(
        says="ResultFailure with the class's name and the message; attributes, notes and chain are "
        "gone",
        seen="dramatiq 2.2",
    ),
    "django.tasks": TextOnly(
        says="errors[0] has the class's dotted name and the traceback; return_value raises "
        "ValueError: Task failed",
        seen="Django 6.1",
    ),
    "django-q2": TextOnly(
        says="result is the message and the traceback; after SystemExit no task is stored",
        seen="django-q2 1.11",
    ),
    "procrastinate": TextOnly(
        says="the status failed, and nothing else: no class, no message, no traceback",
        seen="procrastinate 3.10",
    ),
    "apscheduler 3": TextOnly(
        says="with a process pool, an error that cannot travel sends no EVENT_JOB_ERROR, and the "
        "job is gone; others travel as by process-pool",
        seen="APScheduler 3.11",
    ),
    "pyspark": TextOnly(
        says="PythonException with the worker's traceback in its text", seen="pyspark 4.3"
    ),
    "beam": TextOnly(says="RuntimeError with the traceback in its text", seen="apache-beam 2.77"),
    "dagster": TextOnly(
        says="SerializableErrorInfo: class's name, text, and that of the cause",
        seen="dagster 1.13",
    ),
    "execnet": TextOnly(says="RemoteError with the traceback", seen="execnet 2.1"),
    "ipyparallel": TextOnly(
        says="RemoteError with the class's name and the message", seen="ipyparallel 9.2"
    ),
    "torch spawn": TextOnly(
        says="ProcessRaisedException with the traceback; KeyboardInterrupt is swallowed: spawn() "
        "returns None",
        seen="torch 2.13",
    ),
    "aiomultiprocess": TextOnly(
        says="ProxyException with the traceback; SystemExit is never answered",
        seen="aiomultiprocess 0.9",
    ),
    "nbclient": TextOnly(
        says="CellExecutionError with name, message and traceback", seen="nbclient 0.11"
    ),
}

"""Ray: a worker stores a RayTaskError; that of the caller is of the error's class, too."""

from __future__ import annotations

import traceback
from typing import Any

from pytest_portable_errors.receiver.carriers.library import find
from pytest_portable_errors.sender.carriers.carrier import HALVES, Carrier, Send
from pytest_portable_errors.sender.carriers.consequences import Consequence
from pytest_portable_errors.sender.serializers import CLOUDPICKLE


def _ray() -> Send:
    task_error = find("ray", "ray.exceptions", "RayTaskError")
    find("ray", "ray.exceptions", "RayError.from_bytes")

    def send(exc: BaseException) -> bytes:
        """Store the error as a worker does for the outputs of a task; no cluster is asked."""
        text = "".join(traceback.format_exception(type(exc), exc, exc.__traceback__))
        stored: Any = task_error(
            "task", text, exc, proctitle="ray::task", pid=1, ip="127.0.0.1"
        ).to_bytes()
        return bytes(stored)

    return send


RAY = Carrier(
    name="ray",
    sender=_ray,
    loader=f"{HALVES}.from_ray:loads",
    of=CLOUDPICKLE,
    wraps_fixes=True,
    replaces="Ray gives the caller a RayTaskError alone, with text, in place of what it cannot "
    "pickle,\nand an UnserializableException in place of what it cannot rebuild",
    never_sent=(SystemExit, KeyboardInterrupt),
    then=(
        Consequence(
            where="not sent",
            says="the task counts as cancelled: ray.get() raises TaskCancelledError",
            seen=("2.60", "2.60"),
            raises="ray.exceptions.TaskCancelledError",
            only=(KeyboardInterrupt,),
        ),
        Consequence(
            where="not sent",
            says="the worker dies, and ray.get() raises WorkerCrashedError, of an actor "
            "ActorDiedError",
            seen=("2.60", "2.60"),
            raises="ray.exceptions.WorkerCrashedError",
        ),
        Consequence(
            where="replaced",
            says="ray.get() raises an error that no except clause for this class catches; the "
            "text is in it",
            seen=("2.60", "2.60"),
        ),
    ),
    library="ray",
    distribution="ray",
    in_namespaces=("google.protobuf", "google._upb"),
)

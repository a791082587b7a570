"""A project whose code changes between the release that pickles and today."""

from __future__ import annotations

import base64
import contextlib
import importlib
import pickle
import sys
from pathlib import Path
from typing import Any

from pytest_portable_errors import RoundTrip
from pytest_portable_errors.goldens.check import begin
from pytest_portable_errors.goldens.golden import RAISED, VALUE, Golden
from pytest_portable_errors.goldens.made import Made, Release, made
from pytest_portable_errors.goldens.reader import Reader
from pytest_portable_errors.receiver.record import describe
from pytest_portable_errors.sender.project_context import ProjectContext
from pytest_portable_errors.sender.receivers import Receivers

RELEASE = Release(project="shop", name="1.4.0")


def golden(**changed: Any) -> Golden:
    values = {
        "name": "shop.errors.PaymentError",
        "project": "shop",
        "release": "1.4.0",
        "serializer": "pickle",
        "way": RAISED,
        "python": "3.12",
        "libraries": {"httpx": "0.28.1"},
        "payload": b"\x80\x04N.",
        "record": describe(ValueError("declined", 7)),
        "bases": ("builtins.Exception",),
        "lacks": (),
        "sets": (),
    }
    return Golden(**{**values, **changed})


class Project:
    """A folder with a package ``shop``; the test has put it on ``sys.path``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, source: str, file: str = "shop/errors.py") -> None:
        """Make this the code of today; its modules are not loaded any more."""
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source)
        self.forget()

    def forget(self) -> None:
        importlib.invalidate_caches()
        for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
            del sys.modules[name]

    def pickled(
        self, call: str = "raised()", module: str = "shop.errors", protocol: int = 4
    ) -> bytes:
        """What today's code makes of an expression in one of its modules."""
        value = eval(call, vars(importlib.import_module(module)))
        return pickle.dumps(value, protocol)

    def make(
        self, payload: bytes, name: str = "shop.errors.PaymentError", way: str = RAISED
    ) -> Made:
        """A golden of release 1.4.0, made by today's code."""
        with contextlib.closing(self._receivers()) as receivers:
            row = [name, "pickle", way, base64.b64encode(payload).decode()]
            (only,) = made([("test", row)], RELEASE, Reader(receivers=receivers))
        return only

    def golden(self, call: str = "raised()", way: str = RAISED) -> Golden:
        golden = self.make(
            self.pickled(call),
            way=way,
            name="order-v1" if way == VALUE else "shop.errors.PaymentError",
        ).golden
        assert golden is not None
        return golden

    def check(self, golden: Golden) -> RoundTrip:
        """What today's code makes of a golden."""
        self.forget()
        with contextlib.closing(self._receivers()) as receivers:
            return begin(golden, Reader(receivers=receivers)).conclude()

    @property
    def context(self) -> ProjectContext:
        return ProjectContext(root=self.folder)

    def _receivers(self) -> Receivers:
        return Receivers(self.context)

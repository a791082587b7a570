"""What loads would call is known or named: an attack does not look like an error."""

from __future__ import annotations

import collections
import datetime
import decimal
import functools
import json
import os
import pathlib
import pickle
import queue
import re
import struct
import subprocess
import types
import uuid
import zoneinfo

import cloudpickle
import error_zoo as zoo
import pytest

from pytest_portable_errors.diagnosis.pickle_reader import read
from pytest_portable_errors.diagnosis.unexpected_calls import unexpected_calls

PROTOCOLS = pytest.mark.parametrize("protocol", range(6))


class Reduced(Exception):
    """Reduced to what its first argument says."""

    def __reduce__(self) -> tuple[object, ...]:
        given: tuple[object, ...] = self.args[0]
        return given


class Outer:
    """Holds a class, which protocols 0 to 3 name by a call of ``getattr``."""

    class Failed(Exception):
        """Lies in a class."""


def of(value: object, protocol: int) -> tuple[str, ...]:
    return unexpected_calls(read(pickle.dumps(value, protocol=protocol)).calls)


@PROTOCOLS
@pytest.mark.parametrize(
    "value",
    [
        ValueError("x"),
        zoo.PaymentError(7, "declined"),
        Outer.Failed("x"),
        struct.error("x"),
        queue.Empty(),
        json.JSONDecodeError("x", "y", 0),
        Reduced((Exception.__new__, (ValueError, "x"))),
        Reduced((zoo.PaymentError, (7, "declined"))),
        datetime.datetime.now(datetime.timezone.utc),
        decimal.Decimal("1.5"),
        uuid.uuid4(),
        pathlib.PurePosixPath("a"),
        re.compile("a"),
        collections.OrderedDict(a=1),
        collections.defaultdict(list, a=[1]),
        zoneinfo.ZoneInfo("UTC"),
        types.SimpleNamespace(a=1),
        {b"x", 1j, frozenset({1})},
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_errors_and_their_values_call_is_expected(value: object, protocol: int) -> None:
    assert of(value, protocol) == ()
    assert of(ValueError(value), protocol) == ()


def test_a_class_sent_by_value_is_named_because_its_code_comes_with_it() -> None:
    cls = type("Local", (Exception,), {"shown": lambda self: str(self)})
    assert unexpected_calls(read(cloudpickle.dumps(cls("x"))).calls) == (
        "cloudpickle.cloudpickle._make_skeleton_class",
    )


@PROTOCOLS
@pytest.mark.parametrize(
    ("reduced", "name"),
    [
        ((exec, ("1",)), "exec"),
        ((eval, ("1",)), "eval"),
        ((os.system, ("true",)), f"{os.name}.system"),
        ((subprocess.Popen, (["true"],)), "subprocess.Popen"),
        ((functools.partial(os.system, "true"), ()), "functools.partial"),
        ((zoo.PaymentError.__init__, (1, 2, 3)), "error_zoo.PaymentError.__init__"),
    ],
    ids=["exec", "eval", "system", "Popen", "partial", "method"],
)
def test_anything_else_is_named_wherever_it_lies(
    reduced: tuple[object, ...], name: str, protocol: int
) -> None:
    assert name in of(Reduced(reduced), protocol)
    assert name in of(ValueError("x", {"a": [Reduced(reduced)]}), protocol)


def test_what_another_call_makes_is_told_by_that_call() -> None:
    # operator.attrgetter("system") gives a function, which is called
    payload = b"coperator\nattrgetter\n(Vsystem\ntR(cos\npath\ntR."
    assert unexpected_calls(read(payload).calls) == ("operator.attrgetter",)
    # the names of Python 2 are those of Python 3
    assert unexpected_calls(read(b"c__builtin__\nexecfile\n(Vx\ntR.").calls) == ("execfile",)
    assert unexpected_calls(read(b"cexceptions\nValueError\n(Vx\ntR.").calls) == ()
    assert unexpected_calls(read(b"(Vx\ni__builtin__\neval\n.").calls) == ("eval",)

"""The opcodes of every protocol are read, and nothing is run."""

from __future__ import annotations

import collections
import pickle
import sys
from typing import Any

import cloudpickle
import error_zoo as zoo
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_portable_errors.diagnosis.payload import Global, read

SUBJECTS = [
    zoo.PaymentError(7, "declined"),
    zoo.KeepsSlot,
    FileNotFoundError(2, "m", "f"),
    [zoo.Portable("a"), zoo.Portable("a")],
    {"set": {1, 2}, "frozen": frozenset({3}), "ordered": collections.OrderedDict(a=1), "bytes": b"x" * 300, "array": bytearray(b"y")},
    (1, 2.5, 2**80, -1, None, True, False, "é", (), [], {}, (1, 2, 3, 4)),
]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: type(subject).__name__)
def test_every_protocol_is_read_to_its_end(subject: object, protocol: int) -> None:
    reading = read(pickle.dumps(subject, protocol=protocol))
    assert reading.error is None
    assert reading.root is not None


@pytest.mark.parametrize("protocol", range(6))
def test_an_exceptions_reconstruction_is_read(protocol: int) -> None:
    root: Any = read(pickle.dumps(zoo.PaymentError(7, "declined"), protocol=protocol)).root
    assert root.function == Global("error_zoo", "PaymentError")
    assert root.args == ("order 7: declined",)
    assert dict(root.state) == {"order_id": 7, "reason": "declined"}


@given(st.binary())
def test_whatever_the_bytes_reading_ends(data: bytes) -> None:
    read(data)


@given(st.integers(0, 400))
def test_a_truncated_payload_says_so_and_keeps_what_was_read(length: int) -> None:
    payload = pickle.dumps(zoo.PaymentError(7, "declined"))
    reading = read(payload[:length])
    assert (reading.error is None) == (length >= len(payload))


def test_nothing_is_imported() -> None:
    class Forbidding:
        def find_spec(self, name: str, *_: object) -> None:
            raise AssertionError(f"reading imported {name}")

    payload = cloudpickle.dumps(lambda: zoo.Portable("a")) + b""
    sys.meta_path.insert(0, Forbidding())
    try:
        assert read(payload).names
        assert [str(name) for name in read(b"cno_such_module\nthing\n.").names] == ["no_such_module.thing"]
    finally:
        del sys.meta_path[0]

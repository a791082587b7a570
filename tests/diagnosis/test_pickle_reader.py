"""The opcodes of every protocol are read, and nothing is run."""

from __future__ import annotations

import collections
import copyreg
import io
import pickle
import pickletools
import sys
from typing import Any

import cloudpickle
import error_zoo as zoo
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_portable_errors.diagnosis import pickle_reader as payload_module
from pytest_portable_errors.diagnosis.pickle_machine import Call, Global
from pytest_portable_errors.diagnosis.pickle_paths import payload_values
from pytest_portable_errors.diagnosis.pickle_reader import content, protocol_of, read, step_at

SUBJECTS = [
    zoo.PaymentError(7, "declined"),
    zoo.KeepsSlot,
    FileNotFoundError(2, "m", "f"),
    [zoo.Portable("a"), zoo.Portable("a")],
    {
        "set": {1, 2},
        "frozen": frozenset({3}),
        "ordered": collections.OrderedDict(a=1),
        "bytes": b"x" * 300,
        "array": bytearray(b"y"),
    },
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
        assert [str(name) for name in read(b"cno_such_module\nthing\n.").names] == [
            "no_such_module.thing"
        ]
    finally:
        del sys.meta_path[0]


class Keyworded:
    """Made again by keyword."""

    def __new__(cls, **_: int) -> Keyworded:
        return super().__new__(cls)

    def __getnewargs_ex__(self) -> Any:
        return (), {"code": 3}


class MadeNew(Exception):
    """Rebuilt without ``__init__``."""

    def __reduce__(self) -> Any:
        return copyreg.__newobj__, (MadeNew, "a")  # type: ignore[attr-defined]  # copyreg's own


def call_of(payload: bytes) -> tuple[object, ...]:
    root: Any = read(payload).root
    return root.function, root.args, root.by, list(root.pairs)


class TestOpcodes:
    """Those that pickle itself writes seldom, or did once."""

    @pytest.mark.parametrize("protocol", range(6))
    def test_what_is_made_without_init_is_made_so_on_every_protocol(self, protocol: int) -> None:
        assert call_of(pickle.dumps(MadeNew(), protocol=protocol)) == (
            Global(__name__, "MadeNew"),
            ("a",),
            "new",
            [],
        )

    def test_what_is_made_without_init_is_made_so_under_python_3_s_names(self) -> None:
        payload = pickle.dumps(MadeNew(), protocol=1, fix_imports=False)
        assert call_of(payload) == (Global(__name__, "MadeNew"), ("a",), "new", [])

    def test_what_is_made_by_keyword_keeps_its_keywords(self) -> None:
        assert call_of(pickle.dumps(Keyworded(code=3), protocol=4)) == (
            Global(__name__, "Keyworded"),
            (),
            "new",
            [("code", 3)],
        )
        assert call_of(b"\x80\x04cshop\nClient\n)N\x92.") == (
            Global("shop", "Client"),
            (),
            "new",
            [],
        ), "none that are no dict"

    @pytest.mark.parametrize(
        "payload", [b"(I1\nishop\nClient\n.", b"(cshop\nClient\nI1\no."], ids=["INST", "OBJ"]
    )
    def test_instances_of_old_style_classes_are_calls(self, payload: bytes) -> None:
        assert call_of(payload) == (Global("shop", "Client"), (1,), "reduce", [])

    def test_an_id_stands_for_the_object_that_is_kept_elsewhere(self) -> None:
        class Keeping(pickle.Pickler):
            def persistent_id(self, obj: object) -> object:
                return ("kept", 7) if isinstance(obj, zoo.Portable) else None

        file = io.BytesIO()
        Keeping(file).dump([zoo.Portable("a")])
        assert read(file.getvalue()).root == [("kept", 7)]

    @pytest.mark.parametrize(
        ("payload", "root"),
        [
            (b"I1\n2\x86.", (1, 1)),  # DUP
            (b"I1\n0I2\n.", 2),  # POP of all there is
            (b"(I1\nI2\nI3\nI4\nd.", [(1, 2), (3, 4)]),  # DICT
            (b"I7\n(I1\nI2\n1.", 7),  # POP_MARK
            (b"]}b.", []),  # a state for what takes none
            (b"I1\nI2\na.", 1),  # an item for what holds none
        ],
    )
    def test_what_loads_would_make_of_the_stack_is_made(self, payload: bytes, root: object) -> None:
        assert read(payload).root == root

    def test_what_a_dict_does_not_take_ends_the_reading(self) -> None:
        payload = b"}Na."  # APPEND
        with pytest.raises(AttributeError, match="append"):
            pickle.loads(payload)
        assert read(payload).error == "TypeError: a dict takes keys and values"

    def test_a_call_whose_result_is_dropped_sets_the_state_of_its_own_object_alone(self) -> None:
        made = b"cshop\nClient\n)R"
        states = [
            read(made + setter + b"0.").root
            for setter in (b"cshop\nset\nI1\nI2\n\x86R", b"2cshop\nset\nq\x000h\x00I2\n\x86R")
        ]
        assert [state.state for state in states if isinstance(state, Call)] == [None, None]


@pytest.mark.parametrize(
    ("payload", "protocol"),
    [
        *((pickle.dumps("a", protocol=n), str(n)) for n in range(2, 6)),
        (pickle.dumps("a", protocol=0), "0 or 1"),
        (b"\x80\x04", "4"),
        (b"\x80", "0 or 1"),
        (b"", "0 or 1"),
    ],
)
def test_the_protocol_is_what_the_payload_says(payload: bytes, protocol: str) -> None:
    assert protocol_of(payload) == protocol


def test_payloads_of_protocols_4_and_5_have_the_same_content() -> None:
    assert content(b"\x80\x04N.") == content(b"\x80\x05N.") == b"N."
    assert [content(payload) for payload in (b"\x80\x03N.", b"N.")] == [b"\x80\x03N.", b"N."]


def test_a_payload_that_cannot_be_read_to_its_end_has_no_step() -> None:
    payload = pickle.dumps(zoo.Portable("a"))
    steps = [step_at(payload, number) for number in range(20)]
    assert [step.opcode for step in steps if step is not None][:1] == ["STACK_GLOBAL"]
    assert [step_at(payload[:-1], number) for number in range(20)] == [None] * 20


class Held(Exception):
    """With attributes, items and a state of its own."""


def held() -> Held:
    exc = Held("message", {"key": ["a", ("b", zoo.NotFound("c"))]})
    vars(exc).update(
        token="sk-near",
        graph=[
            {"number": number, "near": collections.OrderedDict(a=number)} for number in range(5)
        ],
    )
    return exc


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_long_payload_is_cut_and_what_was_read_is_kept(
    protocol: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever the cut falls: names are those read by then, and paths are those of the whole."""
    data = pickle.dumps(held(), protocol)
    whole = payload_module._follow(data)
    assert not whole.is_cut
    paths = {place.path for place in payload_values(whole.root)}
    opcodes = sum(1 for _ in pickletools.genops(data))
    for number in range(1, opcodes):
        monkeypatch.setattr(payload_module, "OPCODES", number)
        reading = payload_module._follow(data)
        if number < opcodes - 1:
            assert reading.is_cut
        assert reading.names == whole.names[: len(reading.names)]
        assert reading.error is None
        list(payload_values(reading.root))
    assert {place.path for place in payload_values(reading.root)} == paths, (
        "all but the last opcode was read"
    )


def test_what_lies_before_the_cut_has_its_path(monkeypatch: pytest.MonkeyPatch) -> None:
    exc = held()
    vars(exc)["graph"] = [{"number": number} for number in range(1_000)]
    monkeypatch.setattr(payload_module, "OPCODES", 500)
    reading = payload_module._follow(pickle.dumps(exc))
    assert reading.is_cut
    assert ("exc.token", "sk-near") in [
        (place.path, place.value) for place in payload_values(reading.root)
    ]

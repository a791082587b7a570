"""A stored exception is read from its opcodes: every class of the zoo, every protocol, nothing
imported, nothing called."""

from __future__ import annotations

import collections
import decimal
import json
import pickle
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import cloudpickle
import error_zoo as zoo
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pytest_portable_errors
from pytest_portable_errors.building.build import CannotBuild, build
from pytest_portable_errors.diagnosis.stored import Inspection, inspect_payload, inspect_written


def instances() -> dict[str, BaseException]:
    """One of each class of the zoo, as far as it can be built."""
    made = {}
    for name, cls in vars(zoo).items():
        if (
            isinstance(cls, type)
            and issubclass(cls, BaseException)
            and cls.__module__ == zoo.__name__
        ):
            try:
                made[name] = build(cls, values={})[0].exc
            except CannotBuild:
                continue
    return made


ZOO = instances()

# Run where importing anything is an error, and the zoo is not on the path.
READER = """
import json, sys
from pytest_portable_errors.diagnosis.stored import inspect_payload
import pytest_portable_errors.report.inspection as inspection
payloads = json.load(sys.stdin)
inspect_payload(b"Va\\n.")  # the codec of protocol 0 is a module of the standard library
armed = True
def forbid(event, arguments):
    if armed and event == "import":
        raise AssertionError(f"imported {arguments[0]}")
    if armed and event in ("exec", "compile", "subprocess.Popen", "os.system", "os.fork", "os.kill"):
        raise AssertionError(event)
sys.addaudithook(forbid)
answers = {}
for name, text in payloads.items():
    found = inspect_payload(bytes.fromhex(text))
    answers[name] = inspection.inspection_row(found, where="", form="pickle")
armed = False
json.dump(answers, sys.stdout)
"""


@pytest.fixture(scope="module")
def read_elsewhere() -> dict[str, Any]:
    payloads = {}
    for name, exc in ZOO.items():
        for protocol in range(6):
            try:
                payloads[f"{name}-{protocol}"] = pickle.dumps(exc, protocol=protocol).hex()
            except BaseException:  # those whose defect is that
                continue
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            (
                "import sys; sys.path[:0] = "
                f"{[str(Path(pytest_portable_errors.__file__).parents[1])]}\n{READER}"
            ),
        ],
        input=json.dumps(payloads),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout)
    assert answers.keys() == payloads.keys()
    return answers


def test_every_payload_of_the_zoo_is_read_on_every_protocol_without_importing_anything(
    read_elsewhere: dict[str, Any],
) -> None:
    assert len(read_elsewhere) > 150
    for name, row in read_elsewhere.items():
        assert row["problem"] is None, name
        assert row["imports"], name
        assert row["errors"] or row["value"], name


@pytest.mark.parametrize("protocol", range(6))
def test_type_message_arguments_attributes_and_what_is_lacking(
    read_elsewhere: dict[str, Any], protocol: int
) -> None:
    row = read_elsewhere[f"PaymentError-{protocol}"]
    (error,) = row["errors"]
    sent: Any = ZOO["PaymentError"]
    assert (error["type"], error["message"], error["args"]) == (
        "error_zoo.PaymentError",
        str(sent),
        list(sent.args),
    )
    assert error["attributes"] == {"order_id": sent.order_id, "reason": sent.reason}
    assert (
        row["imports"][-1] == {"name": "error_zoo.PaymentError", "lacks": "no module 'error_zoo'"}
        or protocol < 2
    )


def test_the_control_the_zoo_really_cannot_be_imported_there() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", "import error_zoo"],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert b"No module named 'error_zoo'" in done.stderr


def only(found: Inspection) -> Any:
    assert len(found.errors) == 1
    return found.errors[0]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "exc",
    [
        ValueError(),
        ValueError("a"),
        ValueError("a", 1),
        ValueError(("a", 1)),
        KeyError("k"),
        ValueError("a", "b"),
        ValueError(1, 2, 3, 4),
        ValueError(2, "m"),
        OSError(2, "m"),
        FileNotFoundError(2, "m", "f"),
    ],
    ids=repr,
)
def test_a_built_in_exceptions_message_is_what_str_gives(exc: BaseException, protocol: int) -> None:
    assert only(inspect_payload(pickle.dumps(exc, protocol=protocol))).message == str(exc)


def test_a_chain_and_notes_that_a_reducer_carries() -> None:
    inner, outer = KeyError("bob"), zoo.PaymentError(7, "declined")
    outer.add_note("tried twice") if hasattr(outer, "add_note") else setattr(
        outer, "__notes__", ["tried twice"]
    )
    state = {"args": outer.args, **vars(outer), "__cause__": inner, "__suppress_context__": True}
    first, second = inspect_payload(
        pickle.dumps(Reduced((Exception.__new__, (zoo.PaymentError, *outer.args), state)))
    ).errors
    assert (first.type, first.message, first.notes) == (
        "error_zoo.PaymentError",
        "order 7: declined",
        ("tried twice",),
    )
    assert first.rebuilt_by is not None
    assert first.links == (("__cause__", "exc.__cause__"),)
    assert (second.path, second.type, second.message) == ("exc.__cause__", "KeyError", "'bob'")


class Reduced:
    """Pickled by what it is given."""

    def __init__(self, reduction: tuple[Any, ...]) -> None:
        self.reduction = reduction

    def __reduce__(self) -> tuple[Any, ...]:
        return self.reduction


@pytest.mark.skipif(sys.version_info < (3, 11), reason="no ExceptionGroup")
def test_members_of_a_group() -> None:
    # skipped before 3.11
    inner = ExceptionGroup("inner", [KeyError("k")])  # noqa: F821  # a built-in since 3.11
    group = ExceptionGroup("several", [ValueError(1), inner])  # noqa: F821  # as above
    found = inspect_payload(pickle.dumps(group)).errors
    assert [(error.path, error.type, error.message) for error in found] == [
        ("exc", "ExceptionGroup", "several (2 sub-exceptions)"),
        ("exc.exceptions[0]", "ValueError", "1"),
        ("exc.exceptions[1]", "ExceptionGroup", "inner (1 sub-exception)"),
        ("exc.exceptions[1].exceptions[0]", "KeyError", "'k'"),
    ]


def test_an_exception_within_something_else_is_found() -> None:
    error = only(
        inspect_payload(
            pickle.dumps({"status": "FAILURE", "result": zoo.PaymentError(7, "declined")})
        )
    )
    assert (error.path, error.message) == ("payload['result']", "order 7: declined")


def test_values_are_plain_data_and_what_loads_would_make_is_told_by_what_makes_it() -> None:
    exc = zoo.PaymentError(7, "declined")
    values = {
        "raw": (b"\x00x", "b'\\x00x'"),
        "table": ({"k": 1, 7: [2.5]}, {"k": 1, "7": [2.5]}),
        "queue": (collections.deque([1]), {"<made by>": "collections.deque", "<items>": [1]}),
        "ordered": (collections.OrderedDict(a=1), {"<made by>": "collections.OrderedDict", "a": 1}),
        "client": (zoo.Holder(3, a=1), {"<made by>": "error_zoo.Holder", "a": 1, "held": 3}),
        "price": (decimal.Decimal("1.5"), {"<made by>": "decimal.Decimal", "<args>": ["1.5"]}),
    }
    vars(exc).update({name: value for name, (value, _) in values.items()})
    shown = {name: told for name, (_, told) in values.items()}
    assert only(inspect_payload(pickle.dumps(exc))).attributes == {
        "order_id": 7,
        "reason": "declined",
        **shown,
    }


def test_a_value_that_is_made_by_a_reconstructor_is_told_with_its_class() -> None:
    payload = pickle.dumps(ValueError(collections.UserString("a")), protocol=1)
    assert only(inspect_payload(payload)).args == (
        {
            "<made by>": "copy_reg._reconstructor for UserString.UserString",
            "<args>": ["object", None],
            "data": "a",
        },
    )


def test_one_that_is_cause_and_context_is_told_once() -> None:
    inner = KeyError("bob")
    state = {"__cause__": inner, "__context__": inner}
    first, second = inspect_payload(
        pickle.dumps(Reduced((Exception.__new__, (zoo.PaymentError, "m"), state)))
    ).errors
    assert first.links == (("__cause__", "exc.__cause__"), ("__context__", "exc.__context__"))
    assert second.path == "exc.__cause__"


def test_what_no_pickler_writes_is_told_as_far_as_it_can_be() -> None:
    assert inspect_payload(b"\x80\x04(\x85.").value == ["<object>"], (
        "a mark that is left on the stack"
    )
    assert [name.lacks for name in inspect_payload(b"c\nthing\n.").names] == ["no module ''"]


def test_what_celery_sends_for_an_exception_that_pickle_refused() -> None:
    call = (zoo.rebuild_elsewhere, (zoo.PaymentError, ("order 7: declined",)))
    assert only(inspect_payload(pickle.dumps(Reduced(call)))).type == "error_zoo.PaymentError"
    # Celery 5: UnpickleableExceptionWrapper(module, class, args, repr)
    payload = b"\x80\x04cceLery.utils.serialization\nUnpickleableExceptionWrapper\n(Vshop\nVPaymentError\n(Vorder 7: declined\ntVrepr\ntR."
    error = only(inspect_payload(payload))
    assert (error.type, error.message) == ("shop.PaymentError", "order 7: declined")
    assert error.rebuilt_by == "ceLery.utils.serialization.UnpickleableExceptionWrapper"


def test_what_celery_sends_has_its_repr_for_arguments_that_are_no_sequence() -> None:
    payload = b"ccelery.utils.serialization\nUnpickleableExceptionWrapper\n(Vshop\nVPaymentError\nVnone\nVrepr\ntR."
    assert only(inspect_payload(payload)).args == ("repr",)


@pytest.mark.parametrize(
    ("written", "error", "names"),
    [
        (
            {
                "exc_type": "PaymentError",
                "exc_message": ["m", 1],
                "exc_module": "no_such_shop.errors",
            },
            ("no_such_shop.errors.PaymentError", "('m', 1)", ("m", 1)),
            [("no_such_shop.errors.PaymentError", "no module 'no_such_shop'")],
        ),
        (
            {"exc_type": "KeyError", "exc_message": ["k"], "exc_module": "builtins"},
            ("KeyError", "k", ("k",)),
            [("KeyError", None)],
        ),
        ({"exc_type": "PaymentError", "exc_message": "m"}, ("PaymentError", "m", ("m",)), []),
    ],
)
def test_what_celery_writes_in_json(written: dict[str, Any], error: object, names: object) -> None:
    found = inspect_written(written)
    told = only(found)
    assert (told.type, told.message, told.args) == error
    assert [(name.name, name.lacks) for name in found.names] == names


def test_arguments_that_the_state_sets_are_the_arguments() -> None:
    reduction = (
        Exception.__new__,
        (zoo.PaymentError,),
        {"args": ("order 7",), "code": 3, "__suppress_context__": True},
    )
    error = only(inspect_payload(pickle.dumps(Reduced(reduction))))
    assert (error.args, error.message, error.attributes) == (("order 7",), "order 7", {"code": 3})


@pytest.mark.skipif(sys.version_info < (3, 11), reason="no ExceptionGroup")
def test_members_are_no_arguments() -> None:
    # skipped before 3.11
    group = ExceptionGroup("several", [KeyError("k")])  # noqa: F821  # a built-in since 3.11
    error = inspect_payload(pickle.dumps(group)).errors[0]
    assert error.args == ("several",)


def test_a_list_that_holds_an_exception_among_others_is_an_argument() -> None:
    (error,) = inspect_payload(pickle.dumps(ValueError("m", [1, KeyError("k")]))).errors
    assert (error.links, len(error.args)) == ((), 2)


@pytest.mark.parametrize(
    "wrap", [lambda inner: [inner], lambda inner: {"k": inner}, lambda inner: zoo.Holder(a=inner)]
)
def test_values_are_told_to_a_depth(wrap: Any) -> None:
    value: Any = 7
    for _ in range(40):
        value = wrap(value)
    text = str(only(inspect_payload(pickle.dumps(ValueError(value)))).args)
    assert 12 <= max(text.count("["), text.count("{")) <= 13
    assert "..." in text
    assert "7" not in text


def test_values_are_told_to_a_length() -> None:
    exc = ValueError("x" * 5000)
    vars(exc).update(
        a=[7] * 150,
        b=dict.fromkeys(map(str, range(1000, 1150)), "seven"),
        c=collections.deque([7] * 150),
    )
    vars(exc)["d"] = zoo.Holder(**{f"a{n}": 7 for n in range(150)})
    error = only(inspect_payload(pickle.dumps(exc)))
    assert error.args == ("x" * 2000 + "... (5,000 in all)",)
    told = error.attributes
    assert [
        len(told["a"]),
        len(told["b"]),
        len(told["c"]["<items>"]),
        len(told["d"].keys() - {"<made by>"}),
    ] == [100] * 4
    assert only(inspect_payload(pickle.dumps(ValueError("x" * 2000)))).message == "x" * 2000
    assert error.message == "x" * 2000 + "... (5,000 in all)"
    (shown,) = only(inspect_payload(pickle.dumps(ValueError(b"x" * 5000), protocol=3))).args
    assert shown == "b'" + "x" * 1998 + "... (5,000 bytes in all)"


@pytest.mark.parametrize(
    ("module", "lacks"),
    [
        ("pydoc_data.topics", None),  # of the standard library, and not imported
        ("pydoc_data.topics.inner", "no module 'pydoc_data.topics.inner'"),
        ("json.no_such", "no module 'json.no_such'"),
        ("no_such.json", "no module 'no_such'"),
        ("made_by_a_test", None),
    ],
)
def test_what_of_a_module_is_lacking(
    module: str, lacks: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "made_by_a_test", types.ModuleType("made_by_a_test"))
    monkeypatch.delitem(sys.modules, "pydoc_data.topics", raising=False)
    assert [name.lacks for name in inspect_payload(f"c{module}\nthing\n.".encode()).names] == [
        lacks
    ]


def test_python_2s_names_are_not_called_lacking() -> None:
    found = inspect_payload(pickle.dumps(ValueError("a"), protocol=1))
    assert [(name.name, name.lacks) for name in found.names] == [("exceptions.ValueError", None)]


def test_credentials_are_masked_and_named() -> None:
    exc = zoo.PaymentError(7, "declined")
    exc.api_key = "sk-1234567890abcdef"  # type: ignore[attr-defined]  # any attribute
    found = inspect_payload(pickle.dumps(exc))
    assert [(credential.path, credential.kind) for credential in found.credentials] == [
        ("exc.api_key", "api_key")
    ]
    assert "1234567890" not in repr(found)


@pytest.mark.parametrize("length", range(0, 120, 7))
def test_a_truncated_payload_has_a_clear_problem(length: int) -> None:
    payload = pickle.dumps(zoo.PaymentError(7, "declined"))[:length]
    problem = inspect_payload(payload).problem
    assert (problem is None) == (length >= len(pickle.dumps(zoo.PaymentError(7, "declined"))))


@given(st.binary())
def test_whatever_the_bytes_inspecting_ends(data: bytes) -> None:
    inspect_payload(data)
    inspect_payload(b"\x80\x04" + data + b".")


def test_a_deep_payload_does_not_exceed_any_recursion() -> None:
    inspect_payload(b"\x80\x04" + b"(" * 50_000 + b"N" + b"t" * 50_000 + b".")
    inspect_payload(b"\x80\x04cbuiltins\nValueError\n" + b"N\x85R" * 1 + b".")
    chain = b"\x80\x04" + b"cbuiltins\nValueError\n(" * 20_000 + b"N" + b"tR" * 20_000 + b"."
    assert inspect_payload(chain).problem is None


def test_a_class_by_value() -> None:
    class Local(Exception):
        pass

    assert only(inspect_payload(cloudpickle.dumps(Local("a")))).message == "a"

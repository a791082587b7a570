"""A stored exception is read from its opcodes: every class of the zoo, every protocol, nothing imported, nothing called."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import cloudpickle
import error_zoo as zoo
import pytest
from hypothesis import given
from hypothesis import strategies as st

import pytest_portable_errors
from pytest_portable_errors.diagnosis.stored import Inspection, inspect_payload
from pytest_portable_errors.survey.build import CannotBuild, build


def instances() -> dict[str, BaseException]:
    """One of each class of the zoo, as far as it can be built."""
    made = {}
    for name, cls in vars(zoo).items():
        if isinstance(cls, type) and issubclass(cls, BaseException) and cls.__module__ == zoo.__name__:
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
        [sys.executable, "-I", "-c", f"import sys; sys.path[:0] = {[str(Path(pytest_portable_errors.__file__).parents[1])]}\n{READER}"],
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


def test_every_payload_of_the_zoo_is_read_on_every_protocol_without_importing_anything(read_elsewhere: dict[str, Any]) -> None:
    assert len(read_elsewhere) > 150
    for name, row in read_elsewhere.items():
        assert row["problem"] is None, name
        assert row["imports"], name
        assert row["errors"] or row["value"], name


@pytest.mark.parametrize("protocol", range(6))
def test_type_message_arguments_attributes_and_what_is_lacking(read_elsewhere: dict[str, Any], protocol: int) -> None:
    row = read_elsewhere[f"PaymentError-{protocol}"]
    (error,) = row["errors"]
    sent: Any = ZOO["PaymentError"]
    assert (error["type"], error["message"], error["args"]) == ("error_zoo.PaymentError", str(sent), list(sent.args))
    assert error["attributes"] == {"order_id": sent.order_id, "reason": sent.reason}
    assert row["imports"][-1] == {"name": "error_zoo.PaymentError", "lacks": "no module 'error_zoo'"} or protocol < 2


def test_the_control_the_zoo_really_cannot_be_imported_there() -> None:
    done = subprocess.run([sys.executable, "-I", "-c", "import error_zoo"], capture_output=True, check=False, timeout=60)
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
        OSError(2, "m"),
        FileNotFoundError(2, "m", "f"),
    ],
    ids=repr,
)
def test_a_built_in_exceptions_message_is_what_str_gives(exc: BaseException, protocol: int) -> None:
    assert only(inspect_payload(pickle.dumps(exc, protocol=protocol))).message == str(exc)


def test_a_chain_and_notes_that_a_reducer_carries() -> None:
    inner, outer = KeyError("bob"), zoo.PaymentError(7, "declined")
    outer.add_note("tried twice") if hasattr(outer, "add_note") else setattr(outer, "__notes__", ["tried twice"])
    state = {"args": outer.args, **vars(outer), "__cause__": inner, "__suppress_context__": True}
    first, second = inspect_payload(pickle.dumps(Reduced((Exception.__new__, (zoo.PaymentError, *outer.args), state)))).errors
    assert (first.type, first.message, first.notes) == ("error_zoo.PaymentError", "order 7: declined", ("tried twice",))
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
    group = ExceptionGroup("several", [ValueError(1), ExceptionGroup("inner", [KeyError("k")])])  # noqa: F821  # skipped before 3.11
    found = inspect_payload(pickle.dumps(group)).errors
    assert [(error.path, error.type, error.message) for error in found] == [
        ("exc", "ExceptionGroup", "several (2 sub-exceptions)"),
        ("exc.exceptions[0]", "ValueError", "1"),
        ("exc.exceptions[1]", "ExceptionGroup", "inner (1 sub-exception)"),
        ("exc.exceptions[1].exceptions[0]", "KeyError", "'k'"),
    ]


def test_an_exception_within_something_else_is_found() -> None:
    error = only(inspect_payload(pickle.dumps({"status": "FAILURE", "result": zoo.PaymentError(7, "declined")})))
    assert (error.path, error.message) == ("payload['result']", "order 7: declined")


def test_what_celery_sends_for_an_exception_that_pickle_refused() -> None:
    call = (zoo.rebuild_elsewhere, (zoo.PaymentError, ("order 7: declined",)))
    assert only(inspect_payload(pickle.dumps(Reduced(call)))).type == "error_zoo.PaymentError"
    # Celery 5: UnpickleableExceptionWrapper(module, class, args, repr)
    payload = b"\x80\x04cceLery.utils.serialization\nUnpickleableExceptionWrapper\n(Vshop\nVPaymentError\n(Vorder 7: declined\ntVrepr\ntR."
    error = only(inspect_payload(payload))
    assert (error.type, error.message) == ("shop.PaymentError", "order 7: declined")
    assert error.rebuilt_by == "ceLery.utils.serialization.UnpickleableExceptionWrapper"


def test_python_2s_names_are_not_called_lacking() -> None:
    found = inspect_payload(pickle.dumps(ValueError("a"), protocol=1))
    assert [(name.name, name.lacks) for name in found.names] == [("exceptions.ValueError", None)]


def test_credentials_are_masked_and_named() -> None:
    exc = zoo.PaymentError(7, "declined")
    exc.api_key = "sk-1234567890abcdef"  # type: ignore[attr-defined]
    found = inspect_payload(pickle.dumps(exc))
    assert [(credential.path, credential.kind) for credential in found.credentials] == [("exc.api_key", "api_key")]
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

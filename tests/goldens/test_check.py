"""What a golden is loaded by, and what is not loaded at all."""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
from dataclasses import replace
from typing import Any

import pytest
from earlier_release import Project

from pytest_portable_errors.goldens.check import NotChecked, begin
from pytest_portable_errors.goldens.offered import Offered
from pytest_portable_errors.goldens.reader import Reader, Refused, ensure_harmless
from pytest_portable_errors.sender.receivers import Receivers

PLAIN = (
    "class PaymentError(Exception): pass\n"
    "def raised(): return PaymentError(7)\n"
    "def remove(): return None\n"
)


class Calls:
    def __init__(self, function: object, *args: object) -> None:
        self.function, self.args = function, args

    def __reduce__(self) -> tuple[Any, ...]:
        return self.function, self.args


@pytest.mark.parametrize("function", [os.getcwd, subprocess.Popen, eval, print])
def test_what_would_call_something_else_is_not_loaded(function: object, project: Project) -> None:
    project.write(PLAIN)
    golden = project.golden()
    for payload in (
        pickle.dumps(Calls(function, "x")),
        pickle.dumps(ValueError(Calls(function, "x"))),
        golden.payload[:-10],
        b"",
    ):
        with pytest.raises(Refused):
            project.check(replace(golden, payload=payload))


@pytest.mark.parametrize(
    "value", [ValueError("a", {1: (2.5, b"x")}), KeyError("k"), OSError(2, "m"), SystemExit(3)]
)
def test_ordinary_exceptions_are(value: BaseException) -> None:
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        ensure_harmless(pickle.dumps(value, protocol))


@pytest.mark.parametrize(("function", "is_known"), [("_rebuild", True), ("remove_all", False)])
def test_a_function_beside_the_class_that_is_called_as_one_that_rebuilds(
    function: str, is_known: bool, project: Project
) -> None:
    project.write(
        "class PaymentError(Exception):\n"
        f"    def __reduce__(self): return {function}, self.args\n"
        f"def {function}(n): return PaymentError(n)\n"
        "def raised(): return PaymentError(7)\n"
    )
    made = project.make(project.pickled())
    assert (made.golden is not None) is is_known, made.why_not


def test_a_library_that_is_not_installed_is_no_loss(project: Project) -> None:
    project.write(PLAIN)
    golden = project.golden()
    payload = golden.payload.replace(b"\x0bshop.errors", b"\x0bgone.errors")
    with pytest.raises(NotChecked, match="^needs gone, which is not installed$"):
        project.check(replace(golden, payload=payload))


def test_a_serializer_that_is_not_installed_is_no_loss(project: Project) -> None:
    project.write(PLAIN)
    with pytest.raises(NotChecked, match="nosuch"):
        project.check(replace(project.golden(), serializer="nosuch"))


def test_goldens_share_a_process_and_repairs_have_their_own(project: Project) -> None:
    project.write(
        "class PaymentError(Exception):\n    def __init__(self, a):\n        super().__init__(a)\n"
        "def raised(): return PaymentError(7)"
    )
    golden = project.golden()
    project.write(
        "class PaymentError(Exception):\n"
        "    def __init__(self, a, b): super().__init__(a)\n"
        "def raised(): return PaymentError(7, 8)"
    )
    assert project.check(golden).diagnosis is not None
    with contextlib.closing(Receivers(project.context)) as receivers:
        reader = Reader(receivers=receivers)
        # The fix was tried on the first, and is not there for the second.
        trips = [begin(golden, reader).conclude() for _ in range(2)]
        assert [trip.arrived_whole for trip in trips] == [False, False]
        assert all(trip.diagnosis and trip.diagnosis.fixes for trip in trips)


class TestWhatIsKept:
    def test_a_payload_with_a_folder_of_this_machine_is_not(self, project: Project) -> None:
        offered = Offered(root=str(project.folder))
        named = pickle.dumps(OSError(2, "no", f"{project.folder}/orders.csv"))
        assert offered.why_not((), named) == "names a folder of this machine"
        assert offered.why_not((), pickle.dumps(OSError(2, "no", "orders.csv"))) == ""

    def test_one_that_would_not_be_loaded_is_not(self, project: Project) -> None:
        offered = Offered(root=str(project.folder))
        assert "getcwd" in offered.why_not((), pickle.dumps(Calls(os.getcwd)))

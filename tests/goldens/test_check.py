"""What a golden is loaded by, and what is not loaded at all."""

from __future__ import annotations

import contextlib
import functools
import os
import pickle
import subprocess
from dataclasses import replace
from typing import Any

import pytest
from earlier_release import Project

from pytest_portable_errors.goldens.check import NotChecked, begin
from pytest_portable_errors.goldens.guard import Refused, ensure_harmless
from pytest_portable_errors.goldens.offered import Offered
from pytest_portable_errors.goldens.reader import Reader
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


def named(*parts: str) -> bytes:
    """The opcodes that import a module's name."""
    texts = (b"\x8c" + bytes([len(part)]) + part.encode() for part in parts)
    return b"".join(texts) + b"\x93"


def test_what_is_named_and_never_called_may_be_called_all_the_same(project: Project) -> None:
    """By APPEND, which calls what an object has under that name."""
    project.write(PLAIN)
    golden = project.golden()
    state = b"}\x8c\x06append" + named("os", "system") + b"s"
    payload = b"\x80\x04" + named("shop.errors", "PaymentError") + b")\x81" + state + b"b"
    with pytest.raises(Refused, match=r"os\.system"):
        project.check(replace(golden, payload=payload + b"\x8c\x04truea."))


@pytest.mark.parametrize("name", ["pickle.X", "os.X", "shop.errors.PaymentError"])
def test_the_name_of_a_golden_allows_nothing_of_python_s_own(name: str) -> None:
    for function in (pickle.loads, os.makedirs):
        with pytest.raises(Refused):
            ensure_harmless(pickle.dumps(Calls(function, b"x")), name=name)


def test_a_class_of_another_package_under_a_module_s_name_is_not_given(project: Project) -> None:
    project.write("", file="shop/__init__.py")
    project.write("import subprocess\n", file="shop/util.py")
    project.write(PLAIN)
    payload = b"\x80\x04" + named("shop.util", "subprocess.Popen") + b"\x8c\x04true\x85R."
    trip = project.check(replace(project.golden(), payload=payload))
    assert trip.error is not None
    assert "is of another package (subprocess)" in trip.error["message"]["text"]


def test_a_partial_of_a_class_is_and_one_whose_state_says_something_else_is_not() -> None:
    ensure_harmless(pickle.dumps(Calls(functools.partial(ValueError, "x"))))

    class Lies:
        def __reduce__(self) -> tuple[Any, ...]:
            return functools.partial, (ValueError,), (os.getcwd, (), {}, {})

    with pytest.raises(Refused):
        ensure_harmless(pickle.dumps(Lies()))


@pytest.mark.parametrize(
    ("then", "now", "is_whole"),
    [
        ("Note(text='7 was paid')", "Note(text='7 was not paid')", False),
        ("Point(1, 2)", "Point(0, 1, 2)", False),
        ("Order(number=7)", "Order(number=7, currency=None)", True),
        ("Order(number=7)", "Order(total=1, number=7)", True),
        ("Order(number=7)", "Order(currency=None)", False),
        ("Order(tags=[1, 2])", "Order(tags=[1, 2], currency=None)", True),
    ],
)
def test_the_text_of_an_object_may_get_fields_and_nothing_else(
    then: str, now: str, is_whole: bool, project: Project
) -> None:
    source = (
        "class {cls}:\n    def __getstate__(self): return 1\n"
        "    def __setstate__(self, _): pass\n    def __repr__(self): return {text!r}\n"
        "class PaymentError(Exception):\n    def __str__(self): return 'same'\n"
        "def raised(): return PaymentError({cls}())\n"
    )
    cls = then.partition("(")[0]
    project.write(source.format(text=then, cls=cls))
    golden = project.golden()
    project.write(source.format(text=now, cls=cls))
    assert project.check(golden).arrived_whole is is_whole


@pytest.mark.parametrize("text", ["internal error", "", "missing"])
def test_a_message_is_compared_whatever_is_added(text: str, project: Project) -> None:
    source = (
        "class PaymentError(Exception):\n    def __init__(self, n):\n"
        "        super().__init__(n)\n        {more}\n"
        "    def __str__(self): return {text!r}\ndef raised(): return PaymentError(7)\n"
    )
    project.write(source.format(more="pass", text="missing" if not text else "order 7: amount 5"))
    golden = project.golden()
    project.write(source.format(more="self.added = 1", text=text))
    assert [loss.kind for loss in project.check(golden).losses] == ["message"]


@pytest.mark.parametrize(
    "body",
    [
        "@property\n    def code(self): raise SystemExit(3)",
        "def __getattr__(self, name): raise KeyboardInterrupt",
        "__dataclass_fields__ = 7",
    ],
)
def test_foreign_code_does_not_stop_the_check(body: str, project: Project) -> None:
    source = "class PaymentError(Exception):\n    {}\ndef raised(): return PaymentError(7)\n"
    project.write(source.format("pass"))
    golden = project.golden()
    project.write(source.format(body))
    assert project.check(golden).arrived_whole


def test_to_look_for_a_class_nothing_is_imported(project: Project) -> None:
    project.write("", file="shop/__init__.py")
    project.write(PLAIN)
    golden = project.golden()
    project.write("", file="shop/errors.py")
    for file in ("__main__", "drop_all"):
        marker = project.folder / file
        project.write(f"open({str(marker)!r}, 'w')\n", file=f"shop/{file}.py")
    trip = project.check(golden)
    assert trip.diagnosis is not None
    assert trip.diagnosis.cause == "class-gone"
    assert not (project.folder / "__main__").exists()
    assert not (project.folder / "drop_all").exists()


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

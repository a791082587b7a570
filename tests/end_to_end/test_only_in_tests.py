"""A reducer that only the tests have makes them green, and leaves production as it was: found, and
named by file and line."""

from __future__ import annotations

from typing import Any

import pytest

TEST = """
@pytest.mark.portable_exception(receiver="with-project")
def test_payment():
    with pytest.raises(PaymentError):
        raise PaymentError(7, "declined")
"""
REDUCER = """
import copyreg
from shop.errors import PaymentError

def reduce_payment_error(exc):
    return PaymentError, (exc.order_id, exc.reason), vars(exc)
"""


def test_registered_by_a_conftest(run: Any, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(REDUCER + "\ncopyreg.pickle(PaymentError, reduce_payment_error)\n")
    result = run(TEST)
    result.assert_outcomes(failed=1)
    start = next(
        n for n, line in enumerate(result.outlines) if line.startswith("shop.errors.PaymentError")
    )
    assert result.outlines[start : start + 9] == [
        (
            "shop.errors.PaymentError travels only in tests      [pickle and cloudpickle; "
            "receiver: with-project]"
        ),
        "",
        "  - exc   shop.errors.PaymentError: order 7: declined",
        "  + exc   whole, by a reducer that only the tests have (conftest.py:4)",
        "",
        (
            "  why   it is pickled by reduce_payment_error, registered in copyreg by conftest    "
            "conftest.py:4"
        ),
        (
            "        production does not load that module: move the reducer into the package, "
            "beside what raises or sends the error"
        ),
        "  fix   add __reduce__ to shop.errors.PaymentError, which calls it with what it stored",
        "        (tried: arrives whole)",
    ]


def test_put_in_place_of_the_class_s_own_by_the_test_module(run: Any) -> None:
    result = run(
        """
def reduce_payment_error(exc):
    return PaymentError, (exc.order_id, exc.reason), vars(exc)

@pytest.fixture(autouse=True)
def patched(monkeypatch):
    monkeypatch.setattr(PaymentError, "__reduce__", reduce_payment_error)
"""
        + TEST
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            (
                "*reduce_payment_error, put in place of shop.errors.PaymentError.__reduce__ by "
                "test_*    test_*.py:*"
            )
        ]
    )


def test_the_control_a_reducer_of_the_package_is_production_s_too(
    run: Any, pytester: pytest.Pytester
) -> None:
    pytester.path.joinpath("shop", "reducers.py").write_text(
        REDUCER + "\ncopyreg.pickle(PaymentError, reduce_payment_error)\n"
    )
    pytester.makeconftest("import shop.reducers\n")
    run(TEST).assert_outcomes(passed=1)


def test_the_control_a_class_of_the_tests_may_have_a_reducer_of_the_tests(run: Any) -> None:
    result = run(
        """
class Local(Exception):
    def __init__(self, a, b):
        super().__init__(a)
        self.b = b
    def __reduce__(self):
        return ValueError, (str(self),)

@pytest.mark.portable_exception(arrives_as=ValueError)
def test_local():
    with pytest.raises(Local):
        raise Local("a", 1)
"""
    )
    result.assert_outcomes(passed=1)

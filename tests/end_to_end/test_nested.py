"""pytest within pytest, in one process, as plugins test themselves: each run sees its own."""

from __future__ import annotations

from typing import Any

import pytest

INNER = """
import pytest
from shop_within.errors import E
def test_it():
    with pytest.raises(E): raise E(1, 2)
"""
ERRORS = """
class E(Exception):
    def __init__(self, a, b):
        super().__init__(f"{a}{b}")
"""
OUTER = f"""
import pytest
pytest_plugins = ["pytester"]

def test_it(pytester):
    pytester.mkpydir("shop_within").joinpath("errors.py").write_text({ERRORS!r})
    pytester.makeini("[pytest]" + chr(10) + "pythonpath = .")
    pytester.makepyfile(test_inner={INNER!r})
    result = pytester.runpytest_inprocess({{flags}})
    print("INNER", *[line for line in result.outlines if "portable-errors::" in line])

def test_other():
    with pytest.raises(NotFound): raise NotFound("bob")
"""
FLAGS = ("--portable-errors", "--portable-errors-receiver=with-project", "-rA")


@pytest.mark.parametrize(
    "inner", ["'--portable-errors', '-v', '-p', 'portable_errors'", "'-v', '-p', 'portable_errors'"]
)
def test_each_sees_its_own(run: Any, inner: str) -> None:
    result = run(OUTER.replace("{flags}", inner), *FLAGS, "test_shop.py")
    result.assert_outcomes(passed=1, failed=1)
    out = result.stdout.str()
    is_checked = "portable-errors::shop_within.errors.E FAILED" in out
    assert is_checked == ("--portable" in inner)
    assert "portable-errors::shop.errors" not in out, "the outer project's classes"
    assert "pytest_portable_errors" not in out.partition("short test summary")[2]
    result.stdout.fnmatch_lines(["checked 1 class, 1 exception: 0 whole, 1 lossy"])


def test_a_class_of_this_plugin_is_no_finding(run: Any) -> None:
    source = """
from pytest_portable_errors import PortableErrorsError, check_round_trip

def test_it():
    with pytest.raises(PortableErrorsError): check_round_trip(1)
"""
    result = run(source, *FLAGS, "test_shop.py")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*no exception was met"])

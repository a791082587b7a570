"""The ``traceback`` check: lost with plain pickle, kept where the sender has installed tblib."""

from __future__ import annotations

from typing import Any

import pytest

SOURCE = """
import pickle
{install}

def deep(n):
    if n == 0: raise Whole("a")
    deep(n - 1)

@pytest.mark.portable_exception(receiver="with-project", checks=("type", "message", "args", "traceback"), serializers=("pickle",))
def test_it():
    with pytest.raises(Whole): deep(2)
"""
TBLIB = "from tblib import pickling_support; pickling_support.install()"


def test_without_tblib_it_is_lost(run: Any) -> None:
    result = run(SOURCE.format(install=""))
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "shop.errors.Whole arrives changed: traceback *",
            "  - exc.__traceback__   *test_shop.py:10 deep > *",
            "  + exc.__traceback__   no frames",
        ]
    )


def test_with_tblib_in_the_sender_it_arrives(run: Any) -> None:
    pytest.importorskip("tblib")
    run(SOURCE.format(install=TBLIB)).assert_outcomes(passed=1)


def test_it_is_not_asked_for_by_default(run: Any) -> None:
    run(
        SOURCE.format(install="").replace(', checks=("type", "message", "args", "traceback")', "")
    ).assert_outcomes(passed=1)


def test_by_the_setting(run: Any, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\npythonpath = .\nportable_errors_checks = traceback\n")
    run(
        SOURCE.format(install="").replace(', checks=("type", "message", "args", "traceback")', "")
    ).assert_outcomes(failed=1)

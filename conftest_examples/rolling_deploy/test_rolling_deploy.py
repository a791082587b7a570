"""CI says before the deploy what the deploy would do to the errors that are stored."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

HERE = Path(__file__).parent
needs_dbos = pytest.mark.skipif(
    importlib.util.find_spec("dbos") is None, reason="DBOS is not installed"
)


def check(release: str) -> tuple[int, list[str]]:
    """Exit status and lines of the check that CI makes of a release."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest_portable_errors", "goldens", "check"],
        cwd=HERE / "releases" / release,
        capture_output=True,
        text=True,
    )
    return done.returncode, done.stdout.splitlines()


class TestTheDeployThatLosesErrors:
    def test_fails_in_ci_with_the_reason_and_a_fix_that_was_tried(self) -> None:
        status, lines = check("2.0-loses-errors")
        assert status == 1
        assert "init-changed" in "".join(lines)
        assert "  fix   give retryable a default in __init__ of PaymentError" in lines

    @needs_dbos
    def test_the_control_in_production_nobody_would_catch_it(
        self, asked_again: Callable[[str], str]
    ) -> None:
        assert asked_again("2.0-loses-errors").startswith("TypeError False: ")


class TestTheDeployThatKeepsThem:
    def test_passes_in_ci(self) -> None:
        status, lines = check("2.0")
        assert status == 0, lines
        assert lines[-1].endswith("unchanged")

    @needs_dbos
    def test_reads_what_release_1_has_stored(self, asked_again: Callable[[str], str]) -> None:
        assert asked_again("2.0") == "PaymentError True: (7, 'declined')"

"""What several runs were called with becomes one command. How one run is called again is tested with its other options."""

from __future__ import annotations

import pytest

from pytest_portable_errors.invocation import in_common


@pytest.mark.parametrize(
    ("commands", "shared"),
    [
        (["pytest --portable-errors 'a b'"], "pytest --portable-errors 'a b'"),
        (["pytest --portable-errors a", "pytest --portable-errors a"], "pytest --portable-errors a"),
        (["pytest --portable-errors a", "pytest --portable-errors b"], "pytest --portable-errors"),
        (["pytest --portable-errors -c a.ini", "pytest --portable-errors -c b.ini"], "pytest --portable-errors"),
        (["pytest --portable-errors-survey=shop --portable-errors", "pytest --portable-errors"], "pytest --portable-errors"),
        (
            ["pytest --portable-errors '--portable-errors-baseline=a b.txt' x", "pytest '--portable-errors-baseline=a b.txt'"],
            "pytest '--portable-errors-baseline=a b.txt'",
        ),
    ],
)
def test_what_they_have_in_common(commands: list[str], shared: str) -> None:
    assert in_common(commands) == shared

"""DBOS stores the error of a step as base64 of its pickle, and whoever lists the steps unpickles
it: a command line, a dashboard.

What happens without the fix: they have no copy of this project, so ``dbos workflow steps`` prints
the base64 where the message should be, with a warning on stderr and exit status 0. Where the
project is installed it is no better, because ``StepFailed`` cannot be rebuilt from its message
alone: whoever asks for the workflow again gets a TypeError.

The fix stores the error as what everybody has, a RuntimeError with the message. Its price: a
workflow that is asked for again raises the RuntimeError too, so ``except StepFailed`` catches only
the first time.
"""

from __future__ import annotations

import pytest
from dbos_run import Run


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The workflow as it was run with the unfixed class."""
    return Run.of_worker(tmp_path_factory.mktemp("before"), "--before-the-fix")


@pytest.fixture(scope="module")
def after(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The workflow as it is run today."""
    return Run.of_worker(tmp_path_factory.mktemp("after"))

"""What the tests share."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chosen_plugins import NO_OTHERS, chosen
from hypothesis import HealthCheck, settings

from pytest_portable_errors.sender import process_receivers, trip_fixes
from pytest_portable_errors.sender.answered import Answered
from pytest_portable_errors.sender.process_receivers import share
from pytest_portable_errors.sender.project_context import ProjectContext
from pytest_portable_errors.sender.receivers import Receivers

# LiteLLM imports it, and it takes the place of the standard finder of distributions in
# sys.meta_path. Imported first in a test that has a pytester, which puts sys.meta_path back, it
# would leave nothing there that finds any (findings/importlib_metadata_under_pytester.sh).
if importlib.util.find_spec("importlib_metadata") is not None:
    importlib.import_module("importlib_metadata")

# No test depends on how fast the machine is.
settings.register_profile(
    "any_machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any_machine")

# Repositories of their own, which tests copy.
collect_ignore = ["sample_repo", "broken_repo"]
collect_ignore_glob = ["newcomers/*/*"]

SHOP = """
class PaymentError(Exception):
    def __init__(self, order_id, reason):
        super().__init__(f"order {order_id}: {reason}")
        self.order_id = order_id
        self.reason = reason


class NotFound(Exception):
    def __init__(self, name):
        super().__init__(f"not found: {name}")


class Whole(Exception):
    pass


class StepFailed(Exception):
    def __init__(self, step, code):
        super().__init__(f"{step} failed")
        self.step = step

    def __reduce__(self):
        return RuntimeError, (str(self),)
"""

Run = Callable[..., pytest.RunResult]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """pytest-xdist counts none that are deselected."""
    if config.option.markexpr == "not matrix and not carriers and not pythons":
        terminalreporter.write_line(
            "left out: the long matrices; pytest -m matrix runs them. Real carriers: nox -s carriers"
        )


@pytest.fixture(autouse=True)
def as_at_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tested is the same everywhere.

    Where pytest finds itself on CI it prints its short summary untrimmed, and this plugin adds to
    the job's.
    """
    for name in ("CI", "BUILD_NUMBER", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(autouse=True)
def as_if_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run learns from what it has checked, and has so much time for trying fixes; each of these
    tests is about a run of its own. Processor time is longer where cores are shared: nothing here
    hangs on it."""
    for name in ("TRIAL_SECONDS", "TRIALS_SECONDS", "LARGE_TRIALS_SECONDS"):
        monkeypatch.setattr(trip_fixes, name, 10 * getattr(trip_fixes, name))
    current = process_receivers.current().receivers
    if current is not None:
        current.answered = Answered()


@pytest.fixture
def shop(pytester: pytest.Pytester) -> Path:
    """A project: ``shop/errors.py``, importable."""
    package = pytester.mkpydir("shop")
    (package / "errors.py").write_text(SHOP)
    pytester.makeini("[pytest]\npythonpath = .\n")
    return package


@pytest.fixture
def run_pytest(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run pytest on what is there, in a process of its own, with this plugin, pytest-xdist and
    those that are named."""

    def run_pytest(*args: str, plugins: tuple[str, ...] = ()) -> pytest.RunResult:
        with monkeypatch.context() as patch:
            for name, text in NO_OTHERS.items():
                patch.setenv(name, text)
            return pytester.runpytest_subprocess(*chosen(*plugins), *args)

    return run_pytest


@pytest.fixture
def run(pytester: pytest.Pytester, shop: Path, run_pytest: Run) -> Run:
    """Run pytest on the source of one test file, as ``run_pytest`` does."""

    def run(source: str, *args: str, plugins: tuple[str, ...] = ()) -> pytest.RunResult:
        pytester.makepyfile(test_shop=f"import pytest\nfrom shop.errors import *\n\n{source}")
        return run_pytest("--import-mode=prepend", *args, plugins=plugins)

    return run


@pytest.fixture
def receivers(tmp_path: Path) -> Iterator[Receivers]:
    """Receivers of the test's own, ended with it."""
    own = Receivers(ProjectContext(root=tmp_path))
    before = share(own)
    try:
        yield own
    finally:
        share(before)
        own.close()

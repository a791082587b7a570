"""What a suite raises is its library's; what says that an older library lacks something is not."""

from __future__ import annotations

import importlib
import logging
import sys
import warnings
from pathlib import Path
from types import ModuleType

import pytest

from pytest_portable_errors.building.build import CannotBuild
from pytest_portable_errors.survey.suites import raising
from pytest_portable_errors.survey.suites.raising import library, raised

SCENARIOS = """
import acme_client
def gone(): acme_client.stream()
def other_call(): acme_client.ask(retries=3)
def no_module(): import acme_client.errors
def nothing(): pass
def broken(): acme_client.broken()
def refused(): acme_client.ask()
"""
LIBRARY = """
class Refused(Exception): pass
def ask(): raise Refused("no")
def broken(): None.parts
"""


@pytest.fixture
def scenarios(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A suite's module of its own, in the folder that the suites lie in."""
    (tmp_path / "scenarios_of_acme.py").write_text(SCENARIOS)
    (tmp_path / "library").mkdir()
    (tmp_path / "library" / "acme_client.py").write_text(LIBRARY)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.syspath_prepend(tmp_path / "library")
    monkeypatch.setattr(raising, "_SUITES", str(tmp_path))
    for name in ("scenarios_of_acme", "acme_client"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    return importlib.import_module("scenarios_of_acme")


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [
        ("gone", "AttributeError: module 'acme_client' has no attribute 'stream'"),
        ("other_call", "TypeError: ask() got an unexpected keyword argument 'retries'"),
        ("no_module", "ModuleNotFoundError: No module named 'acme_client.errors'"),
    ],
)
def test_what_the_library_lacks_in_this_version(
    scenarios: ModuleType, scenario: str, reason: str
) -> None:
    [subject] = raised("acme", {scenario: getattr(scenarios, scenario)})
    assert (subject.name, subject.origin) == ("not-there", f"raised-{scenario}")
    with pytest.raises(CannotBuild) as caught:
        subject.instances()
    assert str(caught.value).startswith(f"acme cannot be asked for it in this version: {reason}")


def test_a_scenario_that_raises_nothing_says_so(scenarios: ModuleType) -> None:
    [subject] = raised("acme", {"nothing": scenarios.nothing})
    with pytest.raises(CannotBuild, match="acme raised nothing"):
        subject.instances()


@pytest.mark.parametrize(
    ("scenario", "cls"), [("refused", "Refused"), ("broken", "AttributeError")]
)
def test_the_control_what_the_library_raises(
    scenarios: ModuleType, scenario: str, cls: str
) -> None:
    [subject] = raised("acme", {scenario: getattr(scenarios, scenario)})
    [variant] = subject.instances()
    assert (subject.name, type(variant.exc).__name__) == (cls, cls)


def test_what_a_library_logs_and_warns_of_is_dropped(
    caplog: pytest.LogCaptureFixture, recwarn: pytest.WarningsRecorder
) -> None:
    """grpcio's server logs the error that a suite has it raise."""
    with library("acme", "pytest", "json", install=""):
        logging.getLogger("acme").critical("lost")
        warnings.warn("lost", stacklevel=1)
    logging.getLogger("acme").critical("the control")
    warnings.warn("the control", stacklevel=1)
    assert [record.message for record in caplog.records] == ["the control"]
    assert [str(warning.message) for warning in recwarn] == ["the control"]

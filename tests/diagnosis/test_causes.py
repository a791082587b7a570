"""Each cause fires where it should, with its evidence, and stays silent where a neighbour is to blame.

The class for a cause is named after it; ``test_fires...`` and ``test_silent...`` are real trips wherever there can be one. They stand
in ``test_dumps_failed.py``, ``test_loads_failed.py`` and ``test_arrived_changed.py``; here is what is about all rules.
"""

from __future__ import annotations

import ast
from pathlib import Path
from types import ModuleType
from typing import Any

import error_zoo as zoo
import pytest
from diagnosis.trips import cause, facts

from pytest_portable_errors import Stage
from pytest_portable_errors.diagnosis import arrived_changed, causes, dumps_failed, loads_failed
from pytest_portable_errors.diagnosis.causes import diagnose
from pytest_portable_errors.diagnosis.facts import Elsewhere, Facts, Unpicklable
from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.losses import Loss

MODULES = (dumps_failed, loads_failed, arrived_changed)
ARRIVAL = Loss(kind="arrival", path="exc", sent="s", received="r")
CHAIN = Loss(kind="chain", path="exc.__cause__", sent="s", received="None")
MISSING = (("error_zoo", "Portable", "error_zoo"),)


def error(type_name: str, text: str = "m") -> dict[str, Any]:
    return {"type": f"builtins.{type_name}", "message": {"text": text}, "module": None}


class TestOrderOfCauses:
    """What no trip can be made to show, or not reliably."""

    def test_an_unpicklable_value_is_told_before_the_reducer_that_met_it(self) -> None:
        value = Unpicklable(path="exc.a", type="x")
        given = facts(zoo.DropsState("a"), stage="dumps", losses=(ARRIVAL,), unpicklable=value, error=error("TypeError"))
        assert cause(given) == "value-cannot-be-pickled"

    def test_a_type_error_says_that_a_missing_name_was_not_yet_reached(self) -> None:
        given = facts(zoo.Portable("a"), stage="loads", losses=(ARRIVAL,), missing=MISSING, error=error("TypeError"))
        found = diagnose(given)
        assert found is not None
        assert found.cause == "init-rejects-args"
        assert found.why.startswith("likely: "), "no second run has seen it"

    def test_a_rule_that_fails_explains_nothing_and_hinders_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def raises(facts: Facts) -> Diagnosis | None:
            raise ZeroDivisionError

        monkeypatch.setattr(causes, "CAUSES", (raises, *causes.CAUSES))
        assert cause(facts(zoo.NotFound("a"))) == "init-rewrites-message"

    def test_what_no_rule_explains_has_no_cause(self) -> None:
        assert cause(facts(ValueError("a"))) is None


class TestBrokenEverywhere:
    def given(self, elsewhere: Elsewhere) -> Diagnosis:
        found = diagnose(
            facts(
                zoo.Portable("a"),
                stage="loads",
                losses=(ARRIVAL,),
                missing=MISSING,
                error=error("ModuleNotFoundError"),
                with_project=elsewhere,
            )
        )
        assert found is not None
        return found

    def test_a_defect_that_is_there_with_the_project_too_is_the_one_that_is_told(self) -> None:
        found = self.given(Elsewhere(losses=(ARRIVAL,), diagnosis=Diagnosis(cause="init-does-not-fit-args", why="because")))
        assert found.cause == "init-does-not-fit-args"
        assert "broken everywhere" in found.why

    def test_a_chain_that_pickle_drops_anyhow_is_not_called_that(self) -> None:
        found = self.given(Elsewhere(losses=(CHAIN,), diagnosis=Diagnosis(cause="chain-dropped", why="")))
        assert found.cause == "class-not-importable"
        assert "it arrives, but without its chain" in found.why


def test_every_rule_of_the_modules_is_in_the_order() -> None:
    rules = {
        value
        for module in MODULES
        for name, value in vars(module).items()
        if getattr(value, "__annotations__", {}).get("facts") == "Facts"
        and value.__module__ == module.__name__
        and value.__annotations__["return"] == "Diagnosis | None"
        and not name.startswith("_")
    }
    assert rules == set(causes.CAUSES)
    assert len(causes.CAUSES) == len(rules), "none is there twice"


def names_of_causes(module: ModuleType) -> set[str]:
    """Words with hyphens, in the module's strings: causes are called that, and stages of a trip."""
    texts = (node.value for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text())) if isinstance(node, ast.Constant))
    return {text for text in texts if isinstance(text, str) and "-" in text and text.replace("-", "").isalpha()} - {s.value for s in Stage}


def names_of_tests() -> dict[str, set[str]]:
    """By class, the tests in ``test_dumps_failed*.py`` and its like: read, so that no module of tests is imported twice."""
    tests: dict[str, set[str]] = {}
    for module in MODULES:
        stage = Path(str(module.__file__)).stem
        for path in sorted(Path(__file__).parent.glob(f"test_{stage}*.py")):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.ClassDef):
                    tests.setdefault(node.name, set()).update(inner.name for inner in node.body if isinstance(inner, ast.FunctionDef))
    return tests


def test_every_cause_has_a_test_that_it_fires_and_one_that_it_stays_silent() -> None:
    names = set().union(*map(names_of_causes, MODULES))
    assert len(names) > 20
    tests_of = names_of_tests()
    for name in names:
        tests = tests_of[f"Test{name.title().replace('-', '')}"]
        assert any(test.startswith("test_fires") for test in tests), name
        assert any(test.startswith("test_silent") for test in tests), name

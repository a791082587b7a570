"""Each cause fires where it should, with its evidence, and stays silent where a neighbour is to
blame.

The class for a cause is named after it; ``test_fires...`` and ``test_silent...`` are real trips
wherever there can be one. They stand in ``test_dumps_failed.py``, ``test_loads_failed.py`` and
``test_arrived_changed.py``; here is what is about all rules.
"""

from __future__ import annotations

import ast
import copyreg
import pickle
from dataclasses import replace
from pathlib import Path
from types import ModuleType
from typing import Any

import error_zoo as zoo
import pytest
from diagnosis.trips import MESSAGE, cause, facts, trip_of, with_attributes

from pytest_portable_errors import Stage
from pytest_portable_errors.diagnosis import (
    arrived_changed,
    arrived_changed_links,
    arrived_changed_rebuilt,
    cause_names,
    causes,
    dumps_failed,
    loads_failed,
    loads_failed_calls,
    older_receiver,
)
from pytest_portable_errors.diagnosis.causes import diagnose, needs_replay
from pytest_portable_errors.diagnosis.facts import Facts, LoadsFailure, Unpicklable, WithProject
from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.loss import Loss
from pytest_portable_errors.diagnosis.pickle_machine import Global
from pytest_portable_errors.diagnosis.pickle_reader import Reading, read
from pytest_portable_errors.sender import arrival

MODULES = (
    dumps_failed,
    loads_failed,
    loads_failed_calls,
    arrived_changed,
    arrived_changed_links,
    arrived_changed_rebuilt,
    older_receiver,
)
ARRIVAL = Loss(kind="arrival", path="exc", sent="s", received="r")
CHAIN = Loss(kind="chain", path="exc.__cause__", sent="s", received="None")
MISSING = (("error_zoo", "Portable", "error_zoo"),)


def error(type_name: str, text: str = "m") -> dict[str, Any]:
    return {"type": f"builtins.{type_name}", "message": {"text": text}, "module": None}


class TestOrderOfCauses:
    """What no trip can be made to show, or not reliably."""

    def test_an_unpicklable_value_is_told_before_the_reducer_that_met_it(self) -> None:
        value = Unpicklable(path="exc.a", type="x")
        given = facts(
            zoo.DropsState("a"),
            stage=Stage.DUMPS,
            losses=(ARRIVAL,),
            unpicklable=value,
            error=error("TypeError"),
        )
        assert cause(given) == "value-cannot-be-pickled"

    def test_a_type_error_says_that_a_missing_name_was_not_yet_reached(self) -> None:
        given = facts(
            zoo.Portable("a"),
            stage=Stage.LOADS,
            losses=(ARRIVAL,),
            missing=MISSING,
            error=error("TypeError"),
        )
        found = diagnose(given)
        assert found is not None
        assert found.cause == "init-rejects-args"
        assert found.why.startswith("likely: "), "no second run has seen it"

    def test_a_rule_that_fails_explains_nothing_and_hinders_none(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def raises(facts: Facts) -> Diagnosis | None:
            raise ZeroDivisionError

        monkeypatch.setattr(causes, "CAUSES", (raises, *causes.CAUSES))
        assert cause(facts(zoo.NotFound("a"))) == "init-rewrites-message"

    def test_what_no_rule_explains_has_no_cause(self) -> None:
        assert cause(facts(ValueError("a"))) is None


class TestBrokenEverywhere:
    def given(self, elsewhere: WithProject) -> Diagnosis:
        found = diagnose(
            facts(
                zoo.Portable("a"),
                stage=Stage.LOADS,
                losses=(ARRIVAL,),
                missing=MISSING,
                error=error("ModuleNotFoundError"),
                with_project=elsewhere,
            )
        )
        assert found is not None
        return found

    def test_a_defect_that_is_there_with_the_project_too_is_the_one_that_is_told(self) -> None:
        found = self.given(
            WithProject(
                losses=(ARRIVAL,),
                diagnosis=Diagnosis(cause="init-does-not-fit-args", why="because"),
            )
        )
        assert found.cause == "init-does-not-fit-args"
        assert "broken everywhere" in found.why

    def test_any_defect_beside_the_chain_is_told(self) -> None:
        found = self.given(
            WithProject(
                losses=(CHAIN, ARRIVAL),
                diagnosis=Diagnosis(cause="init-does-not-fit-args", why="because"),
            )
        )
        assert found.cause == "init-does-not-fit-args"

    def test_a_defect_that_nothing_explains_is_not_told_in_place_of_the_missing_name(self) -> None:
        assert (
            self.given(WithProject(losses=(ARRIVAL,), diagnosis=None)).cause
            == "class-not-importable"
        )

    def test_a_chain_that_pickle_drops_anyhow_is_not_called_that(self) -> None:
        found = self.given(
            WithProject(losses=(CHAIN,), diagnosis=Diagnosis(cause="chain-dropped", why=""))
        )
        assert found.cause == "class-not-importable"
        assert "it arrives, but without its chain" in found.why

    @pytest.mark.parametrize(
        ("losses", "said"),
        [
            ((), "arrives only where the project is installed (receiver with-project: it arrives)"),
            (
                (MESSAGE, CHAIN),
                (
                    "arrives only where the project is installed (receiver with-project: it "
                    "arrives, but changed: message, chain)"
                ),
            ),
            ((ARRIVAL,), "where the project is installed it does not arrive, either"),
        ],
    )
    def test_what_nothing_explains_there_is_told_as_it_was_seen(
        self, losses: tuple[Loss, ...], said: str
    ) -> None:
        found = self.given(WithProject(losses=losses, diagnosis=None))
        assert (found.cause, found.why.splitlines()[-1]) == ("class-not-importable", said)


def facts_of(exc: BaseException, **settings: Any) -> Facts:
    """What a real trip knows."""
    seen: list[Facts] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(arrival, "diagnose", lambda facts: seen.append(facts))
        trip_of(exc, **settings)
    return seen[-1]


def reduce_to_args(exc: BaseException) -> tuple[Any, ...]:
    return type(exc), exc.args


@pytest.fixture(scope="module")
def known() -> list[Facts]:
    """Of one trip for each rule."""

    class Local(Exception):
        pass

    link = zoo.chained(zoo.CarriesChain("a"), cause=zoo.NotFound("b"))
    flipped = zoo.chained(zoo.CarriesChain("a"), context=KeyError("b"))
    slotted = zoo.Slotted("m")
    slotted.code = 3
    found = [
        facts_of(exc)
        for exc in (
            *(
                zoo.HoldsLock("m"),
                Local("m"),
                zoo.ReducesToNonsense("m"),
                zoo.PaymentError(7, "declined"),
                zoo.Computed("m"),
                zoo.Told(zoo.Hollow("text")),
                with_attributes(zoo.RestoresFieldsAlone("m"), code=3),
            ),
            *(
                zoo.Picky(4),
                with_attributes(ValueError("m"), tag=zoo.Tag("a", "b")),
                zoo.Exits(),
                zoo.Revived("m"),
                slotted,
            ),
            *(
                zoo.NotFound("bob"),
                zoo.Shifted(3, "declined"),
                zoo.DropsCode("m", 3),
                zoo.BecomesValueError("m"),
                link,
                flipped,
            ),
            *(zoo.chained(zoo.Portable("a"), cause=KeyError("b")), ValueError(zoo.NotFound("bob"))),
        )
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(copyreg.dispatch_table, zoo.Portable, reduce_to_args)
        found.append(facts_of(with_attributes(zoo.Portable("m"), code=3)))
        patch.setitem(copyreg.dispatch_table, zoo.PaymentError, zoo.reduce_payment)
        found.append(
            replace(
                facts_of(zoo.PaymentError(7, "declined"), receiver="without-project"),
                from_tests=True,
            )
        )
        found.append(replace(found[-2], losses=(), from_tests=True))
    return [
        *found,
        facts_of(zoo.Portable("a"), receiver="without-project"),
        facts_of(ModuleNotFoundError("m", name="x"), serializer="pickle:2"),
        facts_of(Local("m"), serializer="cloudpickle"),
        facts(ValueError("a"), reading=read(pickle.dumps(KeyError("a")))),
        facts(
            NameError("m", name="x"),
            losses=(Loss(kind="attributes", path="exc.name", sent="'x'", received="None"),),
        ),
        facts(
            zoo.Portable("m"),
            received={"exceptions": [{"message": {"raises": "builtins.KeyError"}}]},
        ),
        facts(SystemExit(3), stage=Stage.DUMPS, losses=(ARRIVAL,), how="it is not caught there"),
        facts(SystemExit(3), losses=(ARRIVAL,), ends_caller=True),
        facts(
            zoo.Portable("m"),
            stage=Stage.LOADS,
            losses=(ARRIVAL,),
            error=error("RuntimeError"),
            failure=LoadsFailure(
                path="exc", opcode="GLOBAL", subject=Global("error_zoo", "Portable")
            ),
        ),
        facts(
            zoo.Portable("m"),
            stage=Stage.LOADS,
            losses=(ARRIVAL,),
            error={**error("ModuleNotFoundError"), "module": "graphlib", "python": (3, 8)},
            missing=(("graphlib", "CycleError", "graphlib"),),
        ),
    ]


ENDED_THE_RECEIVER = {Stage.CRASHED, Stage.TIMED_OUT}


class TestEachRule:
    def test_fires_for_one_of_them(self, known: list[Facts]) -> None:
        assert {rule.__name__ for rule in causes.CAUSES if any(rule(given) for given in known)} == {
            r.__name__ for r in causes.CAUSES
        }

    def test_speaks_of_its_own_stage_alone(self, known: list[Facts]) -> None:
        for given in known:
            for rule in causes.CAUSES:
                own = {given.stage} if given.stage not in ENDED_THE_RECEIVER else ENDED_THE_RECEIVER
                if rule(given) is not None:
                    stages = [stage for stage in Stage if stage not in own]
                    assert [rule(replace(given, stage=stage)) for stage in stages] == [None] * len(
                        stages
                    )

    @pytest.mark.parametrize(
        "lacking",
        [
            *(
                {name: None}
                for name in (
                    "received",
                    "error",
                    "failure",
                    "unpicklable",
                    "reducer",
                    "with_project",
                    "how",
                )
            ),
            *(
                {"losses": ()},
                {"missing": ()},
                {"reading": Reading(names=(), calls=())},
                {"cls": ValueError},
            ),
        ],
        ids=lambda lacking: str(*lacking),
    )
    def test_does_without_what_is_not_known(
        self, known: list[Facts], lacking: dict[str, Any]
    ) -> None:
        for given in known:
            for rule in causes.CAUSES:
                rule(replace(given, **lacking))


@pytest.mark.parametrize(
    ("given", "needed"),
    [
        (facts(zoo.Picky(4), stage=Stage.LOADS, error=error("ValueError")), True),
        (facts(zoo.Picky(4), stage=Stage.ARRIVED), False),
        (
            facts(
                zoo.Picky(4),
                stage=Stage.LOADS,
                reading=Reading(names=(), calls=()),
                error=error("ValueError"),
            ),
            False,
        ),
        (
            facts(zoo.PaymentError(7, "declined"), stage=Stage.LOADS, error=error("TypeError")),
            False,
        ),
        (
            facts(
                zoo.Portable("a"),
                stage=Stage.LOADS,
                missing=MISSING,
                error=error("ModuleNotFoundError"),
            ),
            False,
        ),
        (
            facts(zoo.Portable("a"), stage=Stage.LOADS, missing=MISSING, error=error("TypeError")),
            True,
        ),
    ],
    ids=[
        "rejected",
        "arrived",
        "unread",
        "does not fit",
        "missing",
        "missing, and not yet reached",
    ],
)
def test_loads_is_run_again_where_nothing_else_tells_where_it_failed(
    given: Facts, needed: bool
) -> None:
    assert causes.needs_replay(given) is needed


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
    """The constants of ``cause_names`` that the module uses."""
    constants = {name: value for name, value in vars(cause_names).items() if name.isupper()}
    tree = ast.parse(Path(str(module.__file__)).read_text())
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    return {constants[name] for name in used & constants.keys()}


def names_of_tests() -> dict[str, set[str]]:
    """By class, the tests in ``test_dumps_failed*.py`` and its like: read, so that no module of
    tests is imported twice."""
    tests: dict[str, set[str]] = {}
    for module in MODULES:
        stage = Path(str(module.__file__)).stem
        for path in sorted(Path(__file__).parent.glob(f"test_{stage}*.py")):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.ClassDef):
                    tests.setdefault(node.name, set()).update(
                        inner.name for inner in node.body if isinstance(inner, ast.FunctionDef)
                    )
    return tests


def test_every_cause_has_a_test_that_it_fires_and_one_that_it_stays_silent() -> None:
    names = set().union(*map(names_of_causes, MODULES))
    assert len(names) > 20
    tests_of = names_of_tests()
    for name in names:
        tests = tests_of[f"Test{name.title().replace('-', '')}"]
        assert any(test.startswith("test_fires") for test in tests), name
        assert any(test.startswith("test_silent") for test in tests), name


def test_where_a_class_cannot_be_looked_at_no_second_run_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def raises(facts: Facts) -> bool:
        raise ZeroDivisionError

    given = facts(zoo.Portable("a"), stage=Stage.LOADS, losses=(ARRIVAL,), error=error("TypeError"))
    assert needs_replay(given), "the control"
    monkeypatch.setattr(loads_failed, "needs_replay", raises)
    assert not needs_replay(given)

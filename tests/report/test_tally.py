"""What the rows of a run add up to, whatever the order in which they came, and however often."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_portable_errors.report.baseline import Baseline, Entry
from pytest_portable_errors.report.defect import SCOPES
from pytest_portable_errors.report.outcome import Outcome
from pytest_portable_errors.report.rows import Detail, Entries, Finding, Row, Verdict
from pytest_portable_errors.report.tally import Tally

QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
CLASSES = ("shop.errors.A", "shop.errors.B", "tests.Local")
SERIALIZERS = ("pickle", "cloudpickle")
RECEIVERS = ("with-project", "without-project")


def finding(
    verdict: Verdict = Verdict.DEFECT, cause: str = "message-built-twice", **changes: Any
) -> Finding:
    whole = verdict is Verdict.WHOLE
    standard = Finding(
        verdict=verdict.value,
        cause="" if whole else cause,
        kinds=[] if whole else ["message"],
        serializer="pickle",
        receiver="with-project",
        scope="everywhere",
        is_known=False,
        whole_with_project=False,
    )
    # keys that a test changes
    return Finding(**{**standard, **changes})  # type: ignore[typeddict-item]


def row(cls: str, *findings: Finding, count: int = 1, how: str = "raised") -> Row:
    return Row(cls=cls, how=how, count=count, findings=list(findings), credentials=[])


def entries(*rows: Row, **more: Any) -> Entries:
    # keys that a test changes
    return Entries(
        **{
            "rows": list(rows),
            "details": [],
            "not_checked": [],
            "ignored": [],
            "expected": [],
            "troubles": [],
            **more,  # type: ignore[typeddict-item]
        }
    )


FINDINGS = st.builds(
    finding,
    st.sampled_from(Verdict),
    st.sampled_from(["message-built-twice", "unexplained"]),
    serializer=st.sampled_from(SERIALIZERS),
    receiver=st.sampled_from(RECEIVERS),
    scope=st.sampled_from(SCOPES),
    is_known=st.booleans(),
    whole_with_project=st.booleans(),
)
ROWS = st.builds(
    lambda cls, findings, count, how: row(cls, *findings, count=count, how=how),
    st.sampled_from(CLASSES),
    st.lists(FINDINGS, min_size=1, max_size=3),
    st.integers(1, 3),
    st.sampled_from(["raised", "required", "by keyword"]),
)
ADDED = st.builds(
    lambda rows, not_checked, ignored: entries(*rows, not_checked=not_checked, ignored=ignored),
    st.lists(ROWS, max_size=3),
    st.lists(st.sampled_from([[cls, "never built"] for cls in CLASSES]), max_size=2),
    st.lists(st.sampled_from(CLASSES), max_size=2),
)
TESTS = st.dictionaries(
    st.tuples(st.sampled_from(["a", "b", "c", "d"]), st.sampled_from(["setup", "call"])),
    ADDED,
    max_size=6,
)
BASELINE = Baseline(
    entries=frozenset(
        Entry(cls, "message-built-twice", "message", serializer, receiver)
        for cls, serializer, receiver in itertools.product(CLASSES, SERIALIZERS, RECEIVERS)
    )
)


def tally_of(added: list[tuple[tuple[str, str], Entries]]) -> Tally:
    tally = Tally()
    for (nodeid, when), one in added:
        tally.add(nodeid, when, one)
    return tally


def told(tally: Tally) -> dict[str, object]:
    """All that is derived; of what is kept in the order of the tests only the content."""
    return {
        "totals": tally.totals,
        "classes": list(tally.classes.items()),
        "not_checked": list(tally.not_checked.items()),
        "defects": [
            (
                one.cls,
                one.cause,
                one.scope,
                one.kinds,
                set(one.serializers),
                set(one.receivers),
                set(one.tests),
                set(one.ways),
                one.is_known,
            )
            for one in tally.defects
        ],
        "decisions": [
            tally.classes_with(verdict) for verdict in (Verdict.LACKS_PROJECT, Verdict.DROPS_CHAIN)
        ],
        "entries": tally.baseline_entries(),
        "gone": tally.gone(BASELINE),
    }


@given(TESTS, st.randoms(use_true_random=False))
@QUICK
def test_the_order_of_arrival_makes_no_difference(
    tests: dict[tuple[str, str], Entries], random: Any
) -> None:
    added = list(tests.items())
    shuffled = random.sample(added, len(added))
    assert told(tally_of(shuffled)) == told(tally_of(added))


@given(TESTS)
@QUICK
def test_the_same_test_twice_counts_once(tests: dict[tuple[str, str], Entries]) -> None:
    added = list(tests.items())
    assert told(tally_of(added + added)) == told(tally_of(added))


@given(TESTS)
@QUICK
def test_every_class_is_in_one_state(tests: dict[tuple[str, str], Entries]) -> None:
    tally = tally_of(list(tests.items()))
    totals = tally.totals
    assert (
        totals.whole
        + totals.lossy
        + totals.undecided
        + totals.of_tests
        + totals.of_python
        + totals.not_checked
        == totals.classes
    )
    assert {one.cls for one in tally.defects} == {
        cls for cls, state in tally.classes.items() if state == "lossy"
    }


def test_what_a_test_says_when_it_runs_again_replaces_what_it_said() -> None:
    tally = Tally()
    tally.add("t", "call", entries(row("shop.A", finding())))
    assert [one.cls for one in tally.defects] == ["shop.A"]
    tally.add("t", "call", entries(row("shop.A", finding(Verdict.WHOLE))))
    assert tally.defects == []
    assert tally.classes == {"shop.A": "whole"}


def test_one_class_and_cause_are_one_defect_with_its_widest_scope() -> None:
    tally = Tally()
    tally.add("t1", "call", entries(row("shop.A", finding(scope="chain", is_known=True))))
    tally.add(
        "t2",
        "call",
        entries(
            row(
                "shop.A",
                finding(scope="receiver", serializer="cloudpickle", kinds=["args"]),
                how="required",
            )
        ),
    )
    tally.add("t3", "call", entries(row("shop.A", finding(cause="other"))))
    other, first = tally.defects
    assert (other.cause, first.cause) == ("other", "message-built-twice")
    assert (first.scope, first.kinds, list(first.serializers)) == (
        "receiver",
        {"message", "args"},
        ["pickle", "cloudpickle"],
    )
    assert (list(first.tests), list(first.ways), first.is_known) == (
        ["t1", "t2"],
        ["raised", "required"],
        False,
    )


def test_a_class_with_a_defect_is_no_open_decision() -> None:
    tally = Tally()
    tally.add(
        "t1",
        "call",
        entries(
            row("shop.A", finding(Verdict.LACKS_PROJECT)),
            row("shop.B", finding(Verdict.LACKS_PROJECT)),
        ),
    )
    tally.add("t2", "call", entries(row("shop.A", finding())))
    assert tally.classes_with(Verdict.LACKS_PROJECT) == ["shop.B"]
    assert (tally.totals.lossy, tally.totals.undecided) == (1, 1)


def test_a_decision_that_the_baseline_has_is_not_open() -> None:
    tally = Tally()
    tally.add("t", "call", entries(row("shop.A", finding(Verdict.DROPS_CHAIN, is_known=True))))
    assert tally.classes_with(Verdict.DROPS_CHAIN) == []


def test_another_baseline_knows_what_it_has_and_nothing_else() -> None:
    tally = Tally()
    assert not tally
    known, other = finding(kinds=["message", "args"], is_known=True), finding(cause="other")
    tally.add(
        "t",
        "call",
        entries(row("shop.A", known), row("shop.B", other), row("shop.A", finding(Verdict.WHOLE))),
    )
    assert tally

    def judged(*kinds: str) -> list[bool]:
        baseline = Baseline(
            entries=frozenset(
                Entry("shop.A", known["cause"], kind, "pickle", "with-project") for kind in kinds
            )
        )
        return [
            one["is_known"] for _, each in tally.against(baseline).rows for one in each["findings"]
        ]

    assert judged("message", "args") == [True, False, False]
    assert judged("message") == [False, False, False], "one of two losses is not all of the defect"
    assert [one.is_known for one in tally.defects] == [True, False], "what was said before stays"


def test_a_credential_that_many_carry_is_told_once() -> None:
    tally = Tally()
    for nodeid in ("t1", "t2"):
        carrying = row("shop.A", finding())
        carrying["credentials"] = [["exc.password", "password"], ["exc.token", "token"]]
        tally.add(nodeid, "call", entries(carrying))
    assert tally.credentials == [
        ("shop.A", "exc.password", "password"),
        ("shop.A", "exc.token", "token"),
    ]


def test_what_settings_and_declarations_covered_in_some_test_is_known_by_name() -> None:
    tally = Tally()
    tally.add("t1", "call", entries(ignored=["shop.A"], expected=["shop.StepFailed"]))
    tally.add("t2", "setup", entries(ignored=["shop.A", "shop.B"], expected=["shop.StepFailed"]))
    assert (sorted(tally.ignored), sorted(tally.expected)) == (
        ["shop.A", "shop.B"],
        ["shop.StepFailed"],
    )
    assert tally.totals.ignored == 2


def test_a_class_that_some_test_raised_is_checked_although_it_could_not_be_built() -> None:
    tally = Tally()
    tally.add("s", "call", entries(not_checked=[["shop.A", "never"], ["shop.B", "never"]]))
    tally.add("t", "call", entries(row("shop.A", finding(Verdict.WHOLE))))
    assert tally.not_checked == {"shop.B": "never"}
    assert tally.totals.classes == 2


def test_a_defect_is_told_by_what_a_test_raised_and_then_by_the_first_by_name() -> None:
    def detail(how: str) -> Detail:
        return Detail(
            cls="shop.A",
            cause="message-built-twice",
            how=how,
            test="",
            headline="",
            why="",
            fixes=[],
            file="",
            line=0,
            owner="",
            is_held=False,
            text="",
            trip={},
        )

    hows = {"t1": "required", "t2": "raised", "t3": "raised"}
    for order in itertools.permutations(hows):
        tally = Tally()
        for nodeid in order:
            tally.add(
                nodeid, "call", entries(row("shop.A", finding()), details=[detail(hows[nodeid])])
            )
        assert tally.defects[0].detail == {**detail("raised"), "test": "t2"}


LACKS_PROJECT_ALONE = finding(
    Verdict.LACKS_PROJECT,
    "class-not-importable",
    kinds=["arrival"],
    receiver="without-project",
    scope="without-project",
    whole_with_project=True,
)


class TestGone:
    KNOWN = Entry("shop.A", "message-built-twice", "message", "pickle", "with-project")

    @pytest.mark.parametrize(
        ("findings", "is_gone"),
        [
            ([finding(Verdict.WHOLE)], True),
            ([], False),
            ([finding(Verdict.WHOLE, serializer="cloudpickle")], False),
            ([finding(Verdict.WHOLE, receiver="stdlib")], False),
            ([finding(Verdict.WHOLE), finding()], False),
            ([finding(Verdict.WHOLE), finding(Verdict.LACKS_PROJECT)], False),
            ([finding(Verdict.WHOLE), finding(Verdict.WHOLE)], True),
            ([LACKS_PROJECT_ALONE], True),
            ([{**LACKS_PROJECT_ALONE, "whole_with_project": False}], False),
            ([{**LACKS_PROJECT_ALONE, "serializer": "cloudpickle"}], False),
            ([LACKS_PROJECT_ALONE, finding()], False),
            ([finding(receiver="without-project", whole_with_project=True)], True),
            ([LACKS_PROJECT_ALONE, finding(Verdict.DROPS_CHAIN)], True),
        ],
    )
    def test_only_if_it_was_checked_in_the_same_way_and_arrived_whole_each_time(
        self, findings: list[Finding], is_gone: bool
    ) -> None:
        tally = Tally()
        for number, one in enumerate(findings):
            tally.add(f"t{number}", "call", entries(row("shop.A", one)))
        assert tally.gone(Baseline(entries=frozenset({self.KNOWN}))) == (
            {self.KNOWN} if is_gone else set()
        )

    @pytest.mark.parametrize(
        ("findings", "is_gone"),
        [
            ([finding(Verdict.WHOLE)], True),
            ([finding(Verdict.DROPS_CHAIN)], False),
            ([finding(Verdict.WHOLE), finding(Verdict.DROPS_CHAIN)], False),
        ],
    )
    def test_a_chain_only_if_every_chain_arrived(
        self, findings: list[Finding], is_gone: bool
    ) -> None:
        known = self.KNOWN._replace(cause="chain-dropped", kind="chain")
        tally = Tally()
        tally.add("t", "call", entries(row("shop.A", *findings)))
        assert tally.gone(Baseline(entries=frozenset({known}))) == ({known} if is_gone else set())

    def test_what_lacks_the_project_is_still_known_to_lack_it(self) -> None:
        known = self.KNOWN._replace(
            cause="class-not-importable", kind="arrival", receiver="without-project"
        )
        tally = Tally()
        tally.add("t", "call", entries(row("shop.A", LACKS_PROJECT_ALONE)))
        assert tally.gone(Baseline(entries=frozenset({known}))) == set()

    @pytest.mark.parametrize("is_whole", [True, False])
    def test_an_update_takes_out_what_is_gone_only_after_a_whole_run(self, is_whole: bool) -> None:
        tally = Tally()
        tally.add(
            "t", "call", entries(row("shop.A", finding(Verdict.WHOLE)), row("shop.B", finding()))
        )
        outcome = Outcome(
            tally=tally,
            mode="error",
            surveys=True,
            baseline=Baseline(entries=frozenset({self.KNOWN})),
            baseline_name="known.txt",
            updates_baseline=True,
            is_whole=is_whole,
            command="pytest --portable-errors",
            names_credentials=True,
        )
        added = Entry("shop.B", "message-built-twice", "message", "pickle", "with-project")
        assert outcome.updated_baseline.entries == ({added} if is_whole else {added, self.KNOWN})
        assert outcome.update_told == (
            "1 known, 1 added, 1 gone" if is_whole else "2 known, 1 added, 0 gone"
        )


@pytest.mark.parametrize(("mode", "fails"), [("error", True), ("warn", False)])
def test_what_could_not_be_sent_is_told_once_and_fails_the_run(mode: str, fails: bool) -> None:
    tally = Tally()
    for node in ("a", "b"):
        tally.add(node, "call", entries(troubles=["receiver 'x' cannot start"]))
    assert tally.troubles == ["receiver 'x' cannot start"]
    outcome = Outcome(
        tally=tally,
        mode=mode,
        surveys=True,
        baseline=None,
        baseline_name=None,
        updates_baseline=False,
        is_whole=True,
        command="pytest --portable-errors",
        names_credentials=True,
    )
    assert (outcome.fails_beside_tests, outcome.fails) == (fails, fails)


def test_a_baseline_knows_nothing_of_what_is_no_defect_and_no_decision() -> None:
    """So such findings stay in the summary's lines, and classes that no file can hold are not
    called known."""
    tally = Tally()
    verdicts = (Verdict.OTHER_ARGS, Verdict.LOSES_ADDITIONS, Verdict.OF_TESTS, Verdict.WHOLE)
    rows = [row("shop.errors.A", finding(verdict)) for verdict in verdicts]
    tally.add("test_a.py::test_a", "call", entries(*rows))
    known = tally.against(Baseline(entries=frozenset({Entry("a.B", "c", "type", "pickle", "x")})))
    assert [one["is_known"] for _, each in known.rows for one in each["findings"]] == [False] * 4
    assert known.classes_with(Verdict.OTHER_ARGS) == ["shop.errors.A"]

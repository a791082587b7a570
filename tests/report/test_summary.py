"""The summary is by defect: the worst first, each with what a reader needs to act."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_portable_errors.report.outcome import Outcome
from pytest_portable_errors.report.rows import ADDED_LATER, Detail, Entries, Finding, Row, Verdict
from pytest_portable_errors.report.summary import summary
from pytest_portable_errors.report.tally import Tally


def finding(
    verdict: Verdict = Verdict.DEFECT,
    *,
    cause: str = "init-does-not-fit-args",
    scope: str = "everywhere",
    **changes: Any,
) -> Finding:
    kinds = [] if verdict is Verdict.WHOLE else ["arrival"]
    found: Finding = {
        "verdict": verdict.value,
        "cause": cause,
        "kinds": kinds,
        "serializer": "pickle",
        "receiver": "with-project",
        "scope": scope,
        "is_known": False,
        "whole_with_project": False,
    }
    return {**found, **changes}  # type: ignore[typeddict-item]  # keys of it


def row(cls: str, *findings: Finding, how: str = "raised") -> Row:
    return {"cls": cls, "how": how, "count": 1, "findings": list(findings), "credentials": []}


def detail(cls: str, *, place: str, file: str = "", line: int = 0, owner: str = "") -> Detail:
    trip = {"receiver": "with-project", "evidence": ["A('a')", place]}
    return {
        "cls": cls,
        "cause": "init-does-not-fit-args",
        "how": "raised",
        "test": "",
        "headline": f"{cls} does not arrive",
        "why": f"because of {place}",
        "fixes": [],
        "file": file,
        "line": line,
        "owner": owner,
        "is_held": False,
        "text": f"{cls} does not arrive\n\n  why   because of {place}",
        "trip": trip,
    }


def lines(
    tests: dict[str, list[Row]],
    *,
    details: tuple[Detail, ...] = (),
    verbosity: int = 0,
    **changes: Any,
) -> list[str]:
    tally = Tally()
    for nodeid, rows in tests.items():
        entries: Entries = {
            "rows": rows,
            "details": list(details),
            "not_checked": [],
            "ignored": [],
            "expected": [],
            "troubles": [],
        }
        tally.add(nodeid, "call", entries)
    given: dict[str, Any] = {
        "mode": "error",
        "surveys": True,
        "baseline": None,
        "baseline_name": None,
        "updates_baseline": False,
        "is_whole": True,
        "command": "pytest --portable-errors",
        "names_credentials": True,
        **changes,
    }
    return [line.text for line in summary(Outcome(tally=tally, **given), verbosity=verbosity)]


def numbered(told: list[str]) -> list[str]:
    return [" ".join(line.split()) for line in told if line[:1].isdigit()]


def test_the_worst_first() -> None:
    rows = [
        row("a.Chained", finding(cause="chain-dropped", scope="chain")),
        row("b.Absent", finding(cause="class-not-importable", scope="without-project")),
        row("c.Lacking", finding(cause="class-not-importable", scope="receiver")),
        row("d.Broken", finding()),
    ]
    assert numbered(lines({"test_a.py::test_a": rows})) == [
        "1 d.Broken broken everywhere pickle 1 test",
        "2 c.Lacking the receiver lacks it pickle 1 test",
        "3 b.Absent arrives only where the project is installed pickle 1 test",
        "4 a.Chained loses its chain pickle 1 test",
    ]


def test_what_only_some_ways_of_building_meet_is_told_apart() -> None:
    rows = [
        row("a.Keyword", finding(), how="by keyword"),
        row("a.Later", finding(cause="reduce-drops-state"), how=f"required {ADDED_LATER}"),
        row("a.Built", finding(), how="required"),
    ]
    assert numbered(lines({"portable-errors::a": rows})) == [
        "1 a.Built broken everywhere pickle met when built",
        "2 a.Keyword broken everywhere pickle only when built by keyword",
        "3 a.Later loses what is added later pickle met when built",
    ]


def test_classes_that_inherit_a_defect_are_told_together_under_its_owner() -> None:
    rows = [row(f"a.E{number}", finding()) for number in range(6)]
    details = tuple(
        detail(
            f"a.E{number}",
            place="a.py:1" if number else "a.py:9",
            file="a.py",
            owner="a.E3" if number else "a.E0",
        )
        for number in range(6)
    )
    told = lines({"test_a.py::test_a": rows}, details=details)
    assert numbered(told) == [
        "1 a.E0 broken everywhere pickle 1 test a.py:9",
        "2 a.E3 broken everywhere pickle 1 test a.py:1",
    ]
    assert "   the same in 4 more classes: a.E1, a.E2, a.E4 and 1 more" in told
    assert "   the same in 4 more classes: a.E1, a.E2, a.E4, a.E5" in lines(
        {"test_a.py::test_a": rows}, details=details, verbosity=1
    )
    assert "2 defects in 6 classes" in told[0], "as many as the list has"


def test_an_owner_that_nobody_raised_is_told_with_those_that_inherit_it() -> None:
    rows = [row("a.Below", finding()), row("a.Deeper", finding())]
    details = tuple(
        detail(cls, place="a.py:1", file="a.py", owner="a.Base") for cls in ("a.Below", "a.Deeper")
    )
    told = lines({"test_a.py::test_a": rows}, details=details)
    assert numbered(told) == ["1 a.Base broken everywhere pickle 1 test a.py:1"]
    assert "   the same in 2 classes: a.Below, a.Deeper" in told, "none more: Base is whole"


def test_the_class_that_is_to_be_repaired_leads() -> None:
    """It may be held by a group of Python's, and be inherited from by classes of other files."""
    classes = ["builtins.ExceptionGroup", "lib.Group", "svc.a.Zeta", "svc.b.Other"]
    details = [
        detail(
            cls,
            place="src/svc/a.py:7",
            file=f"src/svc/{cls[4]}.py" if cls.startswith("svc") else "",
            owner="svc.a.Zeta" if cls.startswith("svc") else cls,
        )
        for cls in classes
    ]
    told = lines(
        {"test_a.py::test_a": [row(cls, finding()) for cls in classes]},
        details=tuple(details),
        verbosity=1,
    )
    assert numbered(told) == ["1 svc.a.Zeta broken everywhere pickle 1 test src/svc/a.py:7"]
    assert ("   the same in 3 more classes: svc.b.Other, lib.Group, ExceptionGroup") in told


def test_a_class_of_the_projects_and_a_librarys_are_not_told_as_one() -> None:
    classes = ["lib.Above", "lib.Group", "svc.b.Other"]
    details = [
        detail(
            cls,
            place="lib/a.py:7",
            file="b.py" if cls == "svc.b.Other" else "",
            owner="lib.Above",
        )
        for cls in classes
    ]
    rows = {"test_a.py::test_a": [row(cls, finding()) for cls in classes]}
    told = lines(rows, details=tuple(details))
    assert numbered(told) == [
        "1 lib.Above broken everywhere pickle 1 test lib/a.py:7",
        "2 svc.b.Other broken everywhere pickle 1 test lib/a.py:7",
    ]
    assert "   the same in 1 more class: lib.Group" in told


def test_where_there_are_many_they_are_told_by_cause_with_a_line_for_each_place() -> None:
    rows = [row(f"a.E{number:02}", finding()) for number in range(30)]
    rows += [row("b.Alone", finding(cause="other"))]
    details = [
        detail(f"a.E{number:02}", place=f"a.py:{number}", owner=f"a.E{number:02}")
        for number in range(30)
    ]
    told = lines({"test_a.py::test_a": rows}, details=tuple(details))
    assert told[1] == "init-does-not-fit-args     30 defects, such as a.E00"
    assert told[2] == "   why: because of"
    assert [line.split() for line in told[3:33]] == [
        [f"a.py:{number}", f"a.E{number:02}"] for number in range(30)
    ]
    assert told[33] == "other     b.Alone"
    assert not numbered(told)


def test_of_very_many_places_the_first_are_named() -> None:
    rows = [row(f"a.E{number:03}", finding()) for number in range(200)]
    told = lines({"test_a.py::test_a": rows})
    assert len(told) < 90
    assert "   and 120 more, which -v names" in told


def test_with_q_each_cause_has_a_line() -> None:
    rows = [row(f"shop.errors.Number{number:02}", finding()) for number in range(12)]
    rows += [row("z.Alone", finding(cause="other"))]
    told = lines({"test_a.py::test_a": rows}, verbosity=-1)
    assert told[0] == (
        "portable errors: 13 defects in 13 classes (without -q: why, where, and what to do)"
    )
    assert told[-1] == "  other: z.Alone"
    assert told[1].startswith(
        "  init-does-not-fit-args: shop.errors.Number00, shop.errors.Number01"
    )
    assert all(len(line) <= 100 for line in told)


def with_fix(cls: str, **changes: Any) -> Detail:
    fix = {"title": "add it", "code": "x", "arrives_whole": True, "instances": 5, **changes}
    return {**detail(cls, place="a.py:1"), "fixes": [fix]}


@pytest.mark.parametrize(
    ("changes", "offer"),
    [
        ([{}, {}], "fix all: pytest --portable-errors --portable-errors-fix"),
        (
            [{}, {"gives_up": ["exc.lock"]}],
            "fix 1 of 2: pytest --portable-errors --portable-errors-fix",
        ),
        (
            [{"gives_up": ["exc.lock"]}, {"arrives_whole": False, "still_lost": ["exc.a"]}],
            "fix 1 of 2: pytest --portable-errors --portable-errors-fix-unsafe",
        ),
        ([{"arrives_whole": False}, {"arrives_whole": False}], None),
    ],
)
def test_it_is_said_how_many_fixes_are_written_by_which_command(
    changes: list[dict[str, Any]], offer: str | None
) -> None:
    names = ["a.A", "b.B"]
    details: Any = tuple(
        {**with_fix(name, **change), "trip": {"receiver": "x", "evidence": [f"{name[0]}.py:1"]}}
        for name, change in zip(names, changes, strict=True)
    )
    rows = {"test_a.py::test_a": [row(name, finding()) for name in names]}
    told = lines(rows, details=details)
    assert [line for line in told if line.startswith("fix ")] == ([offer] if offer else [])
    told = lines(rows, details=details, repairs=True)
    assert not [line for line in told if line.startswith(("fix ", "adopt "))], "it is doing that"


@pytest.mark.parametrize(
    ("unrepaired", "told"),
    [
        (0, "   fix: add it (tried on 5 instances: arrives whole in there)"),
        (
            1,
            (
                "   fix: add it (tried on 5 instances: 1 of them still loses something; this one "
                "arrives whole in there)"
            ),
        ),
    ],
)
def test_it_is_said_of_which_instances_a_fix_arrives_whole(unrepaired: int, told: str) -> None:
    fixed = with_fix("a.E", unrepaired=unrepaired, receiver="there")
    assert told in lines({"test_a.py::test_a": [row("a.E", finding())]}, details=(fixed,))


def test_what_fails_the_run_beside_tests_stands_last() -> None:
    rows = [
        row("a.Broken", finding()),
        row("a.E", finding(Verdict.LACKS_PROJECT, cause="class-not-importable")),
    ]
    told = lines({"test_a.py::test_a": rows}, written=("report.json",))
    order = [
        next(number for number, line in enumerate(told) if line.startswith(start))
        for start in ("1  a.Broken", "checked ", "adopt now", "portable errors: wrote", "FAILED ")
    ]
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        (
            Verdict.LOSES_ADDITIONS,
            (
                "lost a note or an attribute that was added for a trial (portable_errors_checks "
                "with additions makes that a defect)"
            ),
        ),
        (
            Verdict.OTHER_ARGS,
            "arrived with other args, and all else as it was (a marker fails for that)",
        ),
    ],
)
def test_what_is_no_defect_is_one_line(verdict: Verdict, told: str) -> None:
    rows = [row(f"a.E{number}", finding(verdict, cause="x")) for number in range(5)]
    rows += [row("a.Broken", finding()), row("a.Broken", finding(verdict, cause="x"))]
    found = lines({"test_a.py::test_a": rows})
    assert f"no defect: 5 classes (a.E0, a.E1, a.E2 and 2 more) {told}" in found
    assert "checked 6 classes, 7 exceptions: 5 whole, 1 lossy" in found


def test_a_receiver_that_was_not_set_up_is_a_decision_and_no_defect() -> None:
    rows = [row("a.E", finding(Verdict.NOT_SET_UP, cause="receiver-not-set-up"))]
    told = lines({"test_a.py::test_a": rows})
    assert "1 decision to take" in told[0]
    assert "defect" not in told[0]
    assert (
        "FAILED portable-errors::setup - 1 exception class could not be looked at: the receiver "
        "was not set up for it." in told
    )
    assert any("portable_errors_receiver_setup = module:callable" in line for line in told)


def test_what_carriers_never_carry_is_said_once() -> None:
    told = lines(
        {"test_a.py::test_a": [row("a.E", finding(Verdict.WHOLE, cause=""))]},
        not_carried=(("celery", ("attributes", "notes")),),
    )
    assert "not compared: celery never carries attributes, notes" in told


def test_modules_that_were_not_imported_are_named() -> None:
    tally = Tally()
    modules = [["a.cli", ""], ["a.unused", ""], ["b.odd", "ImportError: no x"]]
    entries: Any = {
        "rows": [],
        "details": [],
        "not_checked": [],
        "ignored": [],
        "expected": [],
        "troubles": [],
        "not_imported": modules,
    }
    tally.add("t", "call", entries)
    outcome = Outcome(
        tally=tally,
        mode="error",
        surveys=True,
        baseline=None,
        baseline_name=None,
        updates_baseline=False,
        is_whole=True,
        command="pytest",
        names_credentials=False,
    )
    told = [line.text for line in summary(outcome)]
    assert told[:2] == [
        "not imported: b.odd: ImportError: no x",
        (
            "2 modules were not imported, so their classes were not checked: a.cli, a.unused; "
            "--portable-errors-survey a imports them"
        ),
    ]


def test_a_suite_has_the_same_summary_with_its_library_in_the_title() -> None:
    rows = {"portable-errors/litellm::E[pickle]": [row("a.E", finding(), how="required")]}
    told = lines(rows, mode="off", surveys=False, tells_cases=True, suites=("litellm 1.80",))
    assert told[0] == "portable errors: litellm 1.80: 1 defect in 1 class"
    assert numbered(told) == ["1 a.E broken everywhere pickle met when built"]
    assert not lines(rows, mode="off", surveys=False), "markers alone have no summary"


def test_three_tests_are_named_and_all_with_v() -> None:
    tests = {f"test_a.py::test_{letter}": [row("a.E", finding())] for letter in "edcba"}
    named = "   met by test_a.py::test_a, test_a.py::test_b, test_a.py::test_c"
    assert f"{named} and 2 more" in lines(tests)
    assert f"{named}, test_a.py::test_d, test_a.py::test_e" in lines(tests, verbosity=1)
    assert not any("met by" in line for line in lines(tests, verbosity=-1))


@pytest.mark.parametrize(
    ("nodes", "selected"),
    [
        (["portable-errors::a.E", "test_a.py::test_a"], "-k E"),
        (["test_a.py::test_a[x y]"], "-k test_a"),
        (["test_a.py::test_a[1]", "test_a.py::test_a[2]"], "-k test_a"),
        (["test_a.py::A::test_a", "test_a.py::test_b"], '-k "test_a or test_b"'),
        (["a.py::a.function"], "-k a.function"),
    ],
)
def test_the_line_to_paste(nodes: list[str], selected: str) -> None:
    assert f"   rerun: pytest --portable-errors {selected}" in lines(
        {node: [row("a.E", finding())] for node in nodes}
    )


def test_where_nothing_can_be_selected_there_is_no_line_to_paste() -> None:
    assert not any("rerun" in line for line in lines({"odd name": [row("a.E", finding())]}))


def test_one_line_when_all_is_well() -> None:
    whole = row("a.E", finding(Verdict.WHOLE, cause=""))
    assert lines({"test_a.py::test_a": [whole]}) == [
        "portable errors: checked 1 class, 1 exception: 1 whole"
    ]


def test_what_ended_a_worker_is_named() -> None:
    whole = row("a.E", finding(Verdict.WHOLE, cause=""))
    told = lines({"test_a.py::test_a": [whole]}, crashed=("test_a.py::test_b",))
    assert "test_a.py::test_b ended its worker's process: what it raised was not checked" in told
    assert "not all was checked" in told[0]


@pytest.mark.parametrize("mode", ["error", "warn"])
def test_a_decision_fails_a_run_or_is_open(mode: str) -> None:
    undecided = row("a.E", finding(Verdict.LACKS_PROJECT, cause="class-not-importable"))
    told = lines({"test_a.py::test_a": [undecided]}, mode=mode)
    label = "FAILED" if mode == "error" else "OPEN"
    assert (
        f"{label} portable-errors::receiver - 1 of your exception classes arrives only where "
        "your project is installed."
    ) in told
    assert "checked 1 class, 1 exception: 0 whole, 1 as you decide below" in told


RECEIVER_CHOICES = [
    "       Who reads your errors?",
    (
        "         workers and clients that have your code:     "
        "portable_errors_receiver = with-project"
    ),
    (
        "         a dashboard, CLI or client without it:       "
        "portable_errors_receiver = without-project"
    ),
]
CHECKS = "portable_errors_checks = type message args attributes notes members"
CHAIN_CHOICES = [
    "       Do they need causes?",
    f"         no, the error itself is enough:              {CHECKS}",
    f"         yes, __cause__ and __context__ too:          {CHECKS} chain",
]


def decision(verdict: Verdict, *classes: str, **changes: Any) -> list[str]:
    """Its lines, the last of all."""
    told = lines(
        {"test_a.py::test_a": [row(cls, finding(verdict, cause="a-cause")) for cls in classes]},
        **changes,
    )
    (start,) = (
        number for number, line in enumerate(told) if line.startswith("FAILED portable-errors::")
    )
    return told[start:]


def test_who_reads_the_errors_is_asked_with_the_classes_where_they_are_few() -> None:
    first = (
        "FAILED portable-errors::receiver - {} of your exception classes {} only where "
        "your project is installed."
    )
    one, few, many = (tuple(f"a.E{number}" for number in range(count)) for count in (1, 3, 4))
    asked = Verdict.LACKS_PROJECT
    assert decision(asked, *one) == [first.format(1, "arrives"), *RECEIVER_CHOICES, "       a.E0"]
    assert decision(asked, *few) == [
        first.format(3, "arrive"),
        *RECEIVER_CHOICES,
        "       a.E0, a.E1, a.E2",
    ]
    assert decision(asked, *many) == [first.format(4, "arrive"), *RECEIVER_CHOICES]
    assert decision(asked, *many, verbosity=1) == [
        first.format(4, "arrive"),
        *RECEIVER_CHOICES,
        *(f"       {cls}" for cls in many),
    ]
    assert decision(asked, *few, verbosity=-1) == [first.format(3, "arrive")]


def test_whether_causes_are_needed_is_asked_of_whatever_tests_raise() -> None:
    """Python's own classes lose theirs too."""
    first = "FAILED portable-errors::chain - {} their chain, which plain pickle does not carry."
    asked = Verdict.DROPS_CHAIN
    assert decision(asked, "builtins.KeyError", "a.E") == [
        first.format("2 exception classes that your tests raise arrive without"),
        *CHAIN_CHOICES,
        "       a.E, KeyError",
    ]
    assert decision(asked, "builtins.KeyError")[0] == (
        "FAILED portable-errors::chain - 1 exception class that your tests raise arrives "
        "without its chain, "
        "which plain pickle does not carry."
    )


def test_where_the_settings_are_toml_the_choices_are_shown_as_they_are_written_there() -> None:
    found = decision(
        Verdict.LACKS_PROJECT, "a.E", toml_name="pyproject.toml", toml_table="[tool.pytest]"
    )
    assert found[1] == "       Who reads your errors?   In pyproject.toml, [tool.pytest]:"
    assert [line.partition("portable_errors_receiver = ")[2] for line in found[2:-1]] == [
        '["with-project"]',
        '["without-project"]',
    ]
    found = decision(Verdict.DROPS_CHAIN, "a.E", toml_name="pytest.toml", toml_table="[pytest]")
    checks = '["type", "message", "args", "attributes", "notes", "members"'
    assert [line.partition("portable_errors_checks = ")[2] for line in found[2:-1]] == [
        f"{checks}]",
        f'{checks}, "chain"]',
    ]

"""The SARIF report is what its standard says, and what code scanning reads of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it has no types
import pytest
from reported import detail, entries, finding, found, row

from pytest_portable_errors.diagnosis.cause_names import CAUSE_NAMES
from pytest_portable_errors.diagnosis.explain import explanation
from pytest_portable_errors.report.baseline import Baseline
from pytest_portable_errors.report.document import Document
from pytest_portable_errors.report.files import write_report
from pytest_portable_errors.report.sarif import sarif

SCHEMA = Path(__file__).parent / "sarif_schema" / "sarif-2.1.0-rtm.5.json"
CLASS = "shop.errors.PaymentError"


@pytest.fixture(scope="module")
def problems() -> Callable[[Any], list[str]]:
    """What the standard's schema says against a log."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft4Validator.check_schema(schema)
    validator = jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker())
    return lambda log: [
        f"{list(error.path)}: {error.message[:200]}" for error in validator.iter_errors(log)
    ]


def one_defect(**changes: Any) -> Document:
    told = {name: changes.pop(name) for name in ("file", "line", "why") if name in changes}
    known = changes.pop("known", False)
    return found(
        {"test_a.py::test_it": entries(row(CLASS, finding(known=known)), details=[detail(CLASS)])}
        if not told
        else {
            "test_a.py::test_it": entries(row(CLASS, finding()), details=[detail(CLASS, **told)])
        },
        **changes,
    )


def only_result(document: Document) -> Any:
    (result,) = sarif(document)["runs"][0]["results"]
    return result


def place(result: Any) -> tuple[str, int]:
    physical = result["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uriBaseId"] == "%SRCROOT%"
    return physical["artifactLocation"]["uri"], physical["region"]["startLine"]


def test_a_result_for_each_defect_and_a_rule_for_each_cause(
    problems: Callable[[Any], list[str]],
) -> None:
    other = "shop.errors.NotFound"
    document = found(
        {
            "test_a.py::test_it": entries(
                row(CLASS, finding(), finding("whole", serializer="dill")),
                row(other, finding(cause="init-rewrites-message"), finding()),
                details=[detail(CLASS)],
            )
        }
    )
    log = sarif(document)
    assert problems(log) == []
    driver = log["runs"][0]["tool"]["driver"]
    assert (driver["name"], log["version"]) == ("pytest-portable-errors", "2.1.0")
    assert driver["version"]
    assert [rule["id"] for rule in driver["rules"]] == [
        "init-does-not-fit-args",
        "init-rewrites-message",
    ]
    assert driver["rules"][0]["help"]["text"] == explanation("init-does-not-fit-args")
    results = log["runs"][0]["results"]
    assert [
        (result["ruleId"], driver["rules"][result["ruleIndex"]]["id"]) for result in results
    ] == [
        ("init-does-not-fit-args", "init-does-not-fit-args"),
        ("init-rewrites-message", "init-rewrites-message"),
        ("init-does-not-fit-args", "init-does-not-fit-args"),
    ]
    assert results[2]["message"]["text"] == (
        f"{CLASS} does not arrive: loads raised TypeError\n"
        "loads calls it with one argument\n"
        "fix: add __reduce__ (tried: arrives whole)"
    )


@pytest.mark.parametrize("cause", [*CAUSE_NAMES, "unexplained", "of-a-later-version"])
def test_each_cause_is_a_rule_with_help(cause: str, problems: Callable[[Any], list[str]]) -> None:
    log = sarif(found({"test_a.py::test_it": entries(row(CLASS, finding(cause=cause)))}))
    assert problems(log) == []
    (rule,) = log["runs"][0]["tool"]["driver"]["rules"]
    assert rule["id"] == cause
    # of these GitHub takes 1,024 characters
    assert 0 < len(rule["shortDescription"]["text"]) <= 1024
    assert rule["help"]["text"]


def test_a_run_without_defects(problems: Callable[[Any], list[str]]) -> None:
    log = sarif(found({}))
    assert problems(log) == []
    assert log["runs"][0]["results"] == []


class TestPlace:
    """GitHub refuses a file with a result that has no place."""

    def test_is_the_class(self) -> None:
        result = only_result(one_defect())
        assert place(result) == ("shop/errors.py", 12)
        assert result["locations"][0]["logicalLocations"] == [
            {"fullyQualifiedName": CLASS, "kind": "type"}
        ]

    def test_is_quoted_as_a_uri(self) -> None:
        document = one_defect(file="my shop/100%.py", line=0)
        assert place(only_result(document)) == ("my%20shop/100%25.py", 1)

    def test_of_a_class_from_elsewhere_is_the_test_that_met_it(self) -> None:
        assert place(only_result(one_defect(file="", line=0))) == ("test_a.py", 1)

    @pytest.mark.parametrize(
        ("toml_name", "file"), [("pytest.toml", "pytest.toml"), (None, "pyproject.toml")]
    )
    def test_of_a_class_that_no_test_met_is_the_settings(
        self, toml_name: str | None, file: str
    ) -> None:
        own = {"portable-errors::shop.errors.PaymentError": entries(row(CLASS, finding()))}
        assert place(only_result(found(own, toml_name=toml_name))) == (file, 1)


class TestLevel:
    def test_of_what_fails_the_run(self) -> None:
        result = only_result(one_defect())
        assert result["level"] == "error"
        assert "baselineState" not in result
        assert "suppressions" not in result

    @pytest.mark.parametrize("lenient", [{"mode": "warn"}, {"updates_baseline": True}])
    def test_of_what_fails_nothing(self, lenient: dict[str, Any]) -> None:
        assert only_result(one_defect(**lenient))["level"] == "warning"

    def test_of_what_the_baseline_lacks(self) -> None:
        result = only_result(one_defect(baseline=Baseline(entries=frozenset())))
        assert (result["level"], result["baselineState"]) == ("error", "new")

    def test_of_what_the_baseline_has(self, problems: Callable[[Any], list[str]]) -> None:
        document = one_defect(known=True, baseline=Baseline(entries=frozenset()))
        result = only_result(document)
        assert (result["level"], result["baselineState"]) == ("note", "unchanged")
        assert result["suppressions"] == [
            {
                "kind": "external",
                "status": "accepted",
                "justification": "known: errors-baseline.txt",
            }
        ]
        assert problems(sarif(document)) == []


def test_a_defect_stays_the_same_where_its_class_moves_or_says_more() -> None:
    before, after = (
        only_result(one_defect(**told))["partialFingerprints"]
        for told in ({}, {"file": "shop/moved.py", "line": 99, "why": "for another reason"})
    )
    assert before == after
    assert before["primaryLocationLineHash"].endswith(":1")
    other = found({"test_a.py::test_it": entries(row(CLASS, finding(cause="link-changed")))})
    assert only_result(other)["partialFingerprints"] != before


def test_decisions_and_troubles_are_told(problems: Callable[[Any], list[str]]) -> None:
    log = sarif(
        found(
            {
                "test_a.py::test_it": entries(
                    row("shop.Open", finding("receiver", scope="without-project")),
                    troubles=["no receiver: see [here](https://example.com)"],
                )
            }
        )
    )
    assert problems(log) == []
    (told,) = log["runs"][0]["invocations"]
    assert told["executionSuccessful"] is False
    assert told["toolExecutionNotifications"] == [
        {
            "level": "error",
            "message": {"text": r"no receiver: see \[here](https://example.com)"},
        }
    ]
    (decision,) = told["toolConfigurationNotifications"]
    assert decision["message"]["text"].startswith("portable-errors::receiver - 1 of your")


def test_foreign_text_is_text(tmp_path: Path, problems: Callable[[Any], list[str]]) -> None:
    hostile = "[click](https://example.com) x[0] \x1b[31m\u202e\ud800"
    write_report(tmp_path / "found.sarif", one_defect(why=hostile))
    log = json.loads((tmp_path / "found.sarif").read_text(encoding="ascii"))
    assert problems(log) == []
    text = log["runs"][0]["results"][0]["message"]["text"]
    assert r"\[click](https://example.com) x[0] \x1b[31m\u202e\ud800" in text

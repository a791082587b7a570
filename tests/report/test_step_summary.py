"""A job's summary on GitHub Actions says what the run's says, and quotes without markup."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from reported import detail, entries, finding, outcome, row

from pytest_portable_errors.diagnosis.cause_names import CAUSE_NAMES
from pytest_portable_errors.report.baseline import Baseline
from pytest_portable_errors.report.step_summary import MOST_ROWS, step_summary

CLASS = "shop.errors.PaymentError"
HOSTILE = (
    "a | b\n| c | `d` ``` <img src=x onerror=alert(1)> **bold** _soft_ ~~gone~~ [e](https://example.com) "
    "www.example.com @someone #7 $x$ \\ &amp; -->"
)


def lines(*args: Any, **changes: Any) -> list[str]:
    return step_summary(outcome(*args, **changes)).splitlines()


def cells(line: str) -> list[str]:
    """The cells of a table's row, as a browser shows their text."""
    start, *texts, end = re.split(r"(?<!\\)\|", line)
    assert (start, end) == ("", "")
    return [html.unescape(re.sub(r"</?code>", "", text)).strip() for text in texts]


def test_a_whole_summary() -> None:
    told = lines(
        {
            "test_a.py::test_it": entries(
                row(CLASS, finding()),
                row("shop.errors.Known", finding(known=True)),
                row(
                    "shop.errors.Open",
                    finding("receiver", scope="without-project", cause="class-not-importable"),
                ),
                details=[detail(CLASS)],
            )
        },
        baseline=Baseline(entries=frozenset()),
        toml_name="pyproject.toml",
    )
    assert [html.unescape(line) for line in told] == [
        "",
        "## Portable errors: 1 defect in 1 class, 1 decision to take",
        "",
        (
            "**portable-errors::receiver - 1 of your exception classes arrives only where your "
            "project is installed.** Who reads your errors? (in pyproject.toml)"
        ),
        "",
        (
            "- workers and clients that have your code: "
            '<code>portable_errors_receiver = ["with-project"]</code>'
        ),
        (
            "- a dashboard, CLI or client without it: "
            '<code>portable_errors_receiver = ["without-project"]</code>'
        ),
        "",
        "| class | what is wrong | where | fix |",
        "|---|---|---|---|",
        (
            f"| <code>{CLASS}</code> | The exception is pickled and cannot be rebuilt: its class is "
            "called with arguments that `__init__` does not take. | <code>shop/errors.py:12</code> "
            "| add __reduce__ (tried: arrives whole) |"
        ),
        "",
        "1 known defect (errors-baseline.txt)",
        "",
        "checked 3 classes, 3 exceptions: 0 whole, 1 as you decide above, 2 lossy",
        "",
        (
            "To adopt it now, and fail only for what is new: "
            "<code>pytest --portable-errors --portable-errors-update-baseline</code>"
        ),
    ]


def test_a_run_without_defects() -> None:
    told = lines({"test_a.py::test_it": entries(row(CLASS, finding("whole")))})
    assert told == [
        "",
        "## Portable errors: no new defect",
        "",
        "checked 1 class, 1 exception: 1 whole",
    ]


def test_classes_that_share_a_defect_have_one_row() -> None:
    classes = ("shop.errors.Base", "shop.errors.Below")
    trip = {"receiver": "with-project", "evidence": ["shop/errors.py:3"]}
    details = [detail(cls, owner=classes[0], trip=trip) for cls in classes]
    rows = [row(cls, finding()) for cls in classes]
    told = lines({"test_a.py::test_it": entries(*rows, details=details)}, suites=("lib 1.0",))
    assert "## Portable errors: lib 1.0: 1 defect in 2 classes" in told
    (only,) = (line for line in told if line.startswith("| <code>"))
    assert cells(only)[0] == "shop.errors.Base and 1 more class"
    assert cells(only)[2] == "shop/errors.py:3"


@pytest.mark.parametrize("changes", [{"mode": "warn"}, {"updates_baseline": True}])
def test_nothing_is_to_be_adopted_where_nothing_fails(changes: dict[str, Any]) -> None:
    told = lines({"test_a.py::test_it": entries(row(CLASS, finding()))}, **changes)
    assert any(line.startswith("| <code>") for line in told)
    assert not any("adopt" in line for line in told)


def test_what_is_wrong_with_the_run_comes_before_the_defects() -> None:
    told = lines(
        {"test_a.py::test_it": entries(row(CLASS, finding()), troubles=["no <receiver>"])},
        crashed=("test_a.py::test_crash",),
        unimported="shop.reducers",
    )
    text = html.unescape("\n".join(told))
    places = [
        text.index(part)
        for part in (
            "could not be sent: no <receiver>**",
            "**shop.reducers is imported by no module",
            "**test_a.py::test_crash ended its worker's process",
            "| class |",
        )
    ]
    assert places == sorted(places)


def test_a_long_table_is_cut_and_the_rest_counted() -> None:
    rows = [row(f"shop.errors.E{number:03}", finding()) for number in range(MOST_ROWS + 5)]
    told = lines({"test_a.py::test_it": entries(*rows)})
    assert sum(line.startswith("| <code>") for line in told) == MOST_ROWS
    assert "and 5 more defects" in told
    assert len("\n".join(told)) < 2**20


@given(st.text())
@example(HOSTILE)
@example("\ud800\x00\u2028")
def test_foreign_text_is_text(text: str) -> None:
    assume(text not in CAUSE_NAMES)  # these are told in the plugin's own words, with markup
    told = detail(CLASS, file=f"{text}.py")
    told["fixes"][0]["title"] = text
    summary = step_summary(
        outcome(
            {
                "test_a.py::test_it": entries(row(CLASS, finding()), details=[told]),
                "test_a.py::test_other": entries(
                    row(f"shop.{text}", finding(cause=text)), troubles=[text]
                ),
            }
        )
    )
    summary.encode("utf-8")
    rows = [line for line in summary.split("\n") if line.startswith("| <code>")]
    assert [len(cells(line)) for line in rows] == [4, 4]
    # what is left when the plugin's own words and markup are taken out has no markup
    own = r"</?code>|`__init__`|\|---.*|\*\*(?=portable|$)|&#\d+;|^## |^- |^\|| \| | \|$"
    assert not re.search(r"[<>`*_\[\]\\|$@&^~]|://|www\.", re.sub(own, "", summary, flags=re.M))


def test_a_long_text_is_cut() -> None:
    told = detail(CLASS)
    told["fixes"][0]["title"] = "x" * 10_000
    summary = step_summary(
        outcome({"test_a.py::test_it": entries(row(CLASS, finding()), details=[told])})
    )
    assert len(summary) < 2_000

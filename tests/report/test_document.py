"""The JSON report is what its schema says, and safe to hand around."""

from __future__ import annotations

import copy
import dataclasses
import importlib.resources
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # it has no types
import pytest
from chosen_plugins import NO_OTHERS, chosen

from pytest_portable_errors.report.document import FORMAT, VERSION, in_common
from pytest_portable_errors.report.rows import Detail, Entries, Finding, Row
from pytest_portable_errors.report.tally import Totals

Document = dict[str, Any]

SHOP = '''
class PaymentError(Exception):
    def __init__(self, order_id, reason):
        super().__init__(f"order {order_id}: {reason}")
        self.order_id, self.reason = order_id, reason

class NotFound(Exception):
    def __init__(self, name):
        super().__init__(f"not found: {name}")

class Keyed(Exception):
    """Carries a credential."""

class Failed(Exception):
    """Arrives only where the project is installed."""

class Unbuildable(Exception):
    def __init__(self, thing):
        raise RuntimeError("not today")
'''
TESTS = r"""
import pytest
from shop.errors import *

@pytest.mark.parametrize("reason", ["declined", "</script>\x00\x1b[31m\u202e\ud800"])
def test_payment(reason):
    with pytest.raises(PaymentError): raise PaymentError(7, reason)

def test_cut_and_nested():
    with pytest.raises(NotFound):
        error = NotFound("z" * 5_000)
        error.tree = {"a": [1, (2, {3}), float("nan"), b"x" * 9_999, list(range(500))]}
        error.tree["a"].append(error.tree)
        error.__notes__ = ["note"]
        raise error from PaymentError(1, "cause")

def test_credential():
    with pytest.raises(Keyed):
        error = Keyed("no")
        error.api_key = "sk-proj-abcdefghijklmnopqrstuvwxyz0123456789ABCD"
        raise error

def test_chain():
    with pytest.raises(Failed):
        raise Failed("no") from KeyError("why")

def test_whole():
    with pytest.raises(ValueError): int("seven")
"""
CONFIG = '[project]\nname = "shop"\nversion = "0"\n[tool.pytest.ini_options]\npythonpath = ["."]\n'


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("project")
    for name, content in {
        "pyproject.toml": CONFIG,
        "shop/__init__.py": "",
        "shop/errors.py": SHOP,
        "test_shop.py": TESTS,
        "errors-baseline.txt": (
            "# Known defects of exceptions, by pytest-portable-errors; format 1.\n"
            "builtins.ValueError init-does-not-fit-args arrival pickle without-project\n"
        ),
    }.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(content)
    return root


@pytest.fixture(scope="module")
def text(project: Path) -> str:
    """The file that a run writes."""
    options = (
        "--portable-errors",
        "--portable-errors-report=report.json",
        "--portable-errors-baseline=errors-baseline.txt",
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:cacheprovider",
        *chosen(),
        *options,
    ]
    done = subprocess.run(
        command,
        cwd=project,
        env={**os.environ, **NO_OTHERS},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    return (project / "report.json").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def written(text: str) -> Document:
    found: Document = json.loads(text)
    return found


@pytest.fixture(scope="module")
def schema() -> Document:
    found: Document = json.loads(
        importlib.resources.files("pytest_portable_errors.report")
        .joinpath("schema.json")
        .read_text("utf-8")
    )
    return found


@pytest.fixture(scope="module")
def problems(schema: Document) -> Callable[[Document], list[str]]:
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    return lambda document: [
        f"{list(error.path)}: {error.message[:300]}" for error in validator.iter_errors(document)
    ]


def strings(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from strings(value)
    elif isinstance(data, list):
        for item in data:
            yield from strings(item)


def test_what_a_run_writes_is_valid(
    written: Document, problems: Callable[[Document], list[str]]
) -> None:
    assert problems(written) == []


def test_the_run_met_all_that_the_schema_is_tried_on(written: Document) -> None:
    assert set(written["classes"].values()) >= {"lossy", "undecided", "whole"}
    assert {"shop.errors.PaymentError", "shop.errors.NotFound"} == {
        defect["cls"] for defect in written["defects"]
    }
    assert list(written["not_checked"]) == ["shop.errors.Unbuildable"]
    assert written["credentials"] == [
        {"cls": "shop.errors.Keyed", "path": "exc.api_key", "kind": "api_key"}
    ]
    assert written["gone"] == [
        ["builtins.ValueError", "init-does-not-fit-args", "arrival", "pickle", "without-project"]
    ]
    decisions = {name for name, classes in written["open_decisions"].items() if classes}
    assert decisions == {"receiver", "chain"}
    assert any(defect["detail"]["trip"]["received"] for defect in written["defects"])
    assert written["fails"] is True


def _without(*path: Any) -> Callable[[Document], None]:
    def mutate(document: Document) -> None:
        *above, last = path
        _at(document, above).pop(last)

    return mutate


def _with(value: Any, *path: Any) -> Callable[[Document], None]:
    def mutate(document: Document) -> None:
        *above, last = path
        _at(document, above)[last] = value

    return mutate


def _at(data: Any, path: list[Any]) -> Any:
    for step in path:
        data = (
            list(data.values())[step]
            if isinstance(data, dict) and isinstance(step, int)
            else data[step]
        )
    return data


FIXED: tuple[list[Any], ...] = (
    [],
    ["run"],
    ["totals"],
    ["open_decisions"],
    ["defects", 0],
    ["defects", 0, "detail"],
    ["defects", 0, "detail", "trip"],
)
ROW = ["tests", 0, "call", "rows", 0]


@pytest.mark.parametrize("path", [*FIXED, ROW, [*ROW, "findings", 0]], ids=str)
def test_a_key_more_or_less_is_invalid(
    path: list[Any], written: Document, problems: Callable[[Document], list[str]]
) -> None:
    more = copy.deepcopy(written)
    _at(more, path)["unheard_of"] = 1
    assert problems(more) != []
    for key in _at(written, path):
        less = copy.deepcopy(written)
        _at(less, path).pop(key)
        assert problems(less) != [], key


@pytest.mark.parametrize(
    "mutate",
    [
        _with(2, "version"),
        _with("another report", "format"),
        _with("loud", "run", "mode"),
        _with([["four", "fields", "only", "here"]], "run", "baseline"),
        _with(-1, "totals", "whole"),
        _with("broken", "classes", "shop.errors.NotFound"),
        _with("nowhere", "defects", 0, "scope"),
        _with(["colour"], "defects", 0, "kinds"),
        _with([], "defects", 0, "tests"),
        _with("yes", "defects", 0, "is_known"),
        _with("lost", "defects", 0, "detail", "trip", "stage"),
        _with([], "defects", 0, "detail", "trip", "sent", "exceptions"),
        _with("late", *ROW, "findings", 0, "verdict"),
        _with(0, *ROW, "count"),
        _with({}, "tests", 0, "afterwards"),
        _without("tests", 0, "call", "details"),
    ],
)
def test_a_document_that_says_something_else_is_invalid(
    mutate: Callable[[Document], None], written: Document, problems: Callable[[Document], list[str]]
) -> None:
    changed = copy.deepcopy(written)
    mutate(changed)
    assert problems(changed) != []


def test_the_schema_describes_every_key(schema: Document) -> None:
    def undescribed(part: Any, where: str) -> Iterator[str]:
        if isinstance(part, dict):
            for name, value in part.get("properties", {}).items():
                if not value.get("description"):
                    yield f"{where}.{name}"
            for key, value in part.items():
                yield from undescribed(value, f"{where}.{key}")
        elif isinstance(part, list):
            for item in part:
                yield from undescribed(item, where)

    assert list(undescribed(schema, "")) == []
    assert (schema["properties"]["format"]["const"], schema["properties"]["version"]["const"]) == (
        FORMAT,
        VERSION,
    )


@pytest.mark.parametrize(
    ("name", "typed"),
    [("row", Row), ("finding", Finding), ("detail", Detail), ("entries", Entries)],
)
def test_the_schema_has_the_keys_of_the_types(name: str, typed: type, schema: Document) -> None:
    assert set(schema["$defs"][name]["properties"]) == set(typed.__annotations__)


def test_the_schema_has_the_totals(schema: Document) -> None:
    assert set(schema["properties"]["totals"]["properties"]) == {
        field.name for field in dataclasses.fields(Totals)
    }


def test_texts_hold_no_control_characters(text: str, written: Document) -> None:
    assert text.isascii()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f]", text)
    for found in strings(written):
        assert not re.search(
            r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]", found
        ), found


def test_lone_surrogates_arrive_as_escapes(written: Document) -> None:
    assert not any(re.search("[\ud800-\udfff]", found) for found in strings(written))
    assert any("\\ud800" in node for node in written["tests"])
    assert any(
        "</script>\\x00\\x1b[31m\\u202e\\ud800" in found for found in strings(written["tests"])
    )


def test_no_path_of_the_machine_is_in_it(text: str, project: Path) -> None:
    for path in (
        str(project),
        str(Path.home()),
        sys.prefix,
        sys.base_prefix,
        str(Path(__file__).parent),
    ):
        assert json.dumps(path)[1:-1] not in text


def test_no_credential_is_in_it(text: str) -> None:
    assert "sk-proj-abc" not in text


@pytest.mark.parametrize(
    ("commands", "shared"),
    [
        (["pytest --portable-errors 'a b'"], "pytest --portable-errors 'a b'"),
        (
            ["pytest --portable-errors a", "pytest --portable-errors a"],
            "pytest --portable-errors a",
        ),
        (["pytest --portable-errors a", "pytest --portable-errors b"], "pytest --portable-errors"),
        (
            ["pytest --portable-errors -c a.ini", "pytest --portable-errors -c b.ini"],
            "pytest --portable-errors",
        ),
        (
            ["pytest --portable-errors-survey=shop --portable-errors", "pytest --portable-errors"],
            "pytest --portable-errors",
        ),
        (
            [
                "pytest --portable-errors '--portable-errors-baseline=a b.txt' x",
                "pytest '--portable-errors-baseline=a b.txt'",
            ],
            "pytest '--portable-errors-baseline=a b.txt'",
        ),
    ],
)
def test_what_they_have_in_common(commands: list[str], shared: str) -> None:
    assert in_common(commands) == shared

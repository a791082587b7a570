"""A receiver whose Python is older: what it lacks, and since when this one has it.

The interpreters are real ones, of whatever versions are installed here.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from diagnosis.trips import facts
from interpreters import environment, find_python

from pytest_portable_errors import RoundTrip, Stage, check_round_trip
from pytest_portable_errors.diagnosis.older_receiver import _syntax_of, receiver_too_old

HERE = sys.version_info[:2]
OLD = (3, 8)

Written = Callable[[str], Any]


def text(version: tuple[int, int]) -> str:
    return "{}.{}".format(*version)


@pytest.fixture
def old_python(tmp_path: Path) -> str:
    """An environment of Python 3.8 that has the folder ``consumer`` on its path."""
    python = find_python(text(OLD))
    if python is None:
        pytest.skip("Python 3.8 is not installed here")
    made = environment(python, tmp_path / "old")
    site = next((tmp_path / "old" / "lib").glob("python*/site-packages"))
    (tmp_path / "consumer").mkdir()
    (site / "consumer.pth").write_text(f"{tmp_path / 'consumer'}\n")
    return made


@pytest.fixture
def written(
    tmp_path: Path, old_python: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[str], RoundTrip]]:
    """The trip to the old Python of an error whose module begins with these lines."""
    monkeypatch.syspath_prepend(tmp_path / "consumer")

    def written(lines: str) -> RoundTrip:
        (tmp_path / "consumer" / "newer_errors.py").write_text(
            f"{lines}\nclass NewerError(Exception): pass\n"
        )
        module = importlib.import_module("newer_errors")
        return check_round_trip(module.NewerError("a"), receiver=old_python, serializer="pickle")

    yield written
    sys.modules.pop("newer_errors", None)


class TestReceiverTooOld:
    @pytest.mark.parametrize(
        ("lines", "since", "raised", "says"),
        [
            (
                "def f(a):\n    match a:\n        case 1: pass",
                (3, 10),
                "SyntaxError",
                "it is written for Python 3.10 or later, and the receiver's is 3.8",
            ),
            (
                "type Order = int",
                (3, 12),
                "SyntaxError",
                "it is written for Python 3.12 or later, and the receiver's is 3.8",
            ),
            (
                "import tomllib",
                (3, 11),
                "ModuleNotFoundError: No module named 'tomllib'",
                "that came with Python 3.11, and the receiver's is 3.8",
            ),
            (
                "from dataclasses import KW_ONLY",
                (3, 10),
                "ImportError: cannot import name 'KW_ONLY'",
                f"Python {text(HERE)} has it; the receiver's is 3.8",
            ),
            (
                "def f(a: int | None): pass",
                (3, 10),
                "TypeError",
                f"it is written for a later Python than 3.8 (this is {text(HERE)}), and the receiver's is 3.8",
            ),
            (
                "EncodingWarning",
                (3, 10),
                "NameError: name 'EncodingWarning' is not defined",
                f"it is written for a later Python than 3.8 (this is {text(HERE)}), and the receiver's is 3.8",
            ),
        ],
    )
    def test_fires_for_a_module_that_is_written_for_a_newer_python(
        self, written: Written, lines: str, since: tuple[int, int], raised: str, says: str
    ) -> None:
        if since > HERE:
            pytest.skip(f"Python {text(since)} is newer than this one")
        trip = written(lines)
        assert trip.diagnosis is not None
        assert trip.diagnosis.cause == "receiver-too-old"
        first, last = trip.diagnosis.why.splitlines()
        assert first.startswith(f"importing newer_errors in the receiver raised {raised}")
        assert last == says

    def test_fires_for_a_value_whose_class_came_later(self, old_python: str) -> None:
        graphlib = importlib.import_module("graphlib")
        exc = ValueError("a")
        exc.waits = graphlib.CycleError("a")  # type: ignore[attr-defined]  # as a program might
        trip = check_round_trip(exc, receiver=old_python, serializer="pickle")
        assert trip.diagnosis is not None
        assert trip.diagnosis.cause == "receiver-too-old"
        assert trip.diagnosis.why == (
            f"exc.waits was pickled by Python {text(HERE)}, and needs Python 3.9 or later: graphlib\n"
            "the receiver's is 3.8"
        )

    @pytest.mark.skipif(HERE != (3, 13), reason="3.13 alone pickles pathlib._local")
    def test_fires_for_a_path_that_3_13_has_pickled(self, old_python: str) -> None:
        exc = ValueError("a")
        exc.path = Path("a")  # type: ignore[attr-defined]  # as a program might
        trip = check_round_trip(exc, receiver=old_python, serializer="pickle")
        assert trip.diagnosis is not None
        assert trip.diagnosis.why.splitlines()[0] == (
            "exc.path was pickled by Python 3.13, and needs Python 3.13 or later: pathlib._local"
        )

    def test_silent_where_a_module_is_not_set_up(self, written: Written) -> None:
        trip = written("import sys\nif 'pytest' not in sys.modules: raise RuntimeError('no')")
        assert trip.diagnosis is not None
        assert trip.diagnosis.cause == "receiver-not-set-up"

    def test_silent_where_the_project_is_missing(self, old_python: str) -> None:
        class_of_tests = importlib.import_module("error_zoo").Portable
        trip = check_round_trip(class_of_tests("a"), receiver=old_python, serializer="pickle")
        assert trip.diagnosis is not None
        assert trip.diagnosis.cause == "class-not-importable"

    @pytest.mark.parametrize("version", [HERE, (3, 99)])
    def test_silent_for_a_receiver_that_is_as_new(self, version: tuple[int, int]) -> None:
        error: Any = {
            "type": "builtins.ModuleNotFoundError",
            "message": {"text": "No module named 'graphlib'"},
            "module": "graphlib",
            "python": version,
        }
        missing = (("graphlib", "CycleError", "graphlib"),)
        given = facts(ValueError("m"), stage=Stage.LOADS, error=error, missing=missing)
        assert receiver_too_old(given) is None
        older = facts(
            ValueError("m"), stage=Stage.LOADS, error={**error, "python": OLD}, missing=missing
        )
        assert receiver_too_old(older) is not None, "the control"


@pytest.mark.parametrize(
    ("source", "needed"),
    [
        ("a = 1", None),
        ("match a:\n    case 1: pass", (3, 10)),
        ("try: pass\nexcept* ValueError: pass", (3, 11)),
        ("a[*b]", (3, 11)),
        ("a[(*b,)]", None),
        ("class A[T]: pass", (3, 12)),
        ("f'{a['b']}'", (3, 12)),
        ("f'{a[\"b\"]}'", None),
        ("f'''{a['b']}'''", None),
        ("class A[T = int]: pass", (3, 13)),
        ("try: pass\nexcept A, B: pass", (3, 14)),
        ("t'{a}'", (3, 14)),
        ("lazy import a", (3, 15)),
        ("[*a for a in b]", (3, 15)),
    ],
)
def test_which_version_a_syntax_needs(
    source: str, needed: tuple[int, int] | None, tmp_path: Path
) -> None:
    if needed is not None and needed > HERE:
        pytest.skip("this Python cannot parse it, either")
    (tmp_path / "shop.py").write_text(source)
    assert _syntax_of(str(tmp_path / "shop.py"), OLD) == needed
    assert _syntax_of(str(tmp_path / "missing.py"), OLD) is None
    if needed is not None:
        assert _syntax_of(str(tmp_path / "shop.py"), needed) is None, "new enough"

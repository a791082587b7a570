"""What reads stored payloads has a budget: a page of output, bounded space, and "cut"; and names
are cleaned like values."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from pytest_portable_errors.__main__ import main
from pytest_portable_errors.diagnosis.printable import clean
from pytest_portable_errors.diagnosis.stored import inspect_payload


def shared(width: int, depth: int, kind: type) -> Any:
    """A container that holds another so many times, to a depth: small as a pickle, huge written
    out."""
    value: Any = 0
    for _ in range(depth):
        items = [value] * width
        value = dict(enumerate(items)) if kind is dict else kind(items)
    return value


@pytest.mark.parametrize("kind", [list, tuple, dict])
@pytest.mark.parametrize(("width", "depth"), [(100, 12), (10, 12), (100, 5)])
@pytest.mark.parametrize("is_error", [True, False])
def test_what_is_shared_is_written_out_up_to_a_budget(
    kind: type, width: int, depth: int, is_error: bool
) -> None:
    value = shared(width, depth, kind)
    inspection = inspect_payload(pickle.dumps(ValueError(value) if is_error else value))
    assert inspection.is_cut
    assert len(str(inspection)) < 2_000_000


def test_what_is_small_is_whole() -> None:
    """The control."""
    inspection = inspect_payload(pickle.dumps(ValueError(shared(3, 3, list))))
    assert not inspection.is_cut
    assert inspection.errors[0].args == (shared(3, 3, list),)


def test_the_text_is_a_page_and_says_cut(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exc = ValueError("a")
    vars(exc).update((f"attribute{number}", "x" * 3_000) for number in range(2_000))
    (tmp_path / "stored.pkl").write_bytes(pickle.dumps(exc))
    assert main(["inspect", str(tmp_path / "stored.pkl")]) == 0
    out = capsys.readouterr().out
    assert len(out) < 120_000
    assert "more lines, which --json has" in out
    assert out.rstrip().endswith("the payload holds more than is shown of it")


@pytest.mark.parametrize("kind", ["attributes", "args", "notes"])
def test_more_parts_than_are_shown_are_said(kind: str) -> None:
    """However short they are."""
    exc = ValueError(*range(2_000 if kind == "args" else 1))
    if kind == "attributes":
        vars(exc).update((f"a{number}", number) for number in range(1_500))
    if kind == "notes":
        exc.__notes__ = ["a"] * 1_500
    assert inspect_payload(pickle.dumps(exc)).is_cut


def test_of_many_payloads_the_first_are_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import base64

    lines = (base64.b64encode(pickle.dumps(ValueError(n))).decode() for n in range(1_500))
    (tmp_path / "log.txt").write_text("\n".join(lines))
    assert main(["inspect", "--json", str(tmp_path / "log.txt")]) == 0
    out, err = capsys.readouterr()
    assert len(json.loads(out)) == 1_000
    assert "cut: the first 1,000 payloads" in err


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_json_is_valid_json(
    number: float, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "stored.pkl").write_bytes(pickle.dumps(ValueError(number, {"a": [number]})))
    assert main(["inspect", "--json", str(tmp_path / "stored.pkl")]) == 0

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    (row,) = json.loads(capsys.readouterr().out, parse_constant=refuse)
    assert row["errors"][0]["args"][0] == repr(number)


INVISIBLE = [
    *map(chr, (0x61C, 0x180E, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0xFFF9, 0xFFFA, 0xFFFB)),
    *map(chr, (0xFDD0, 0xFFFE, 0x1FFFF, 0x10FFFF, 0xE0001, 0xE0041, 0x202E, 0x85, 0x2028)),
]


@pytest.mark.parametrize("character", INVISIBLE, ids=lambda text: f"U+{ord(text):04X}")
def test_what_cannot_be_seen_is_escaped(character: str) -> None:
    shown = clean(f"a{character}b")
    assert character not in shown
    assert shown.startswith("a\\")


@pytest.mark.parametrize("text", ["é", "日本", "a b", "😀", "\xa0", "100 %"])
def test_what_can_be_seen_stays(text: str) -> None:
    assert clean(text) == text


@pytest.mark.parametrize(
    "command",
    [
        "::stop-commands::x",
        "  ::error file=a.py::x",
        "##[error]x",
        "a ##vso[task.setvariable]x",
        "##teamcity[x]",
    ],
)
def test_no_line_is_a_command_of_ci(command: str) -> None:
    shown = clean(command)
    assert "##[" not in shown
    assert "##vso[" not in shown
    assert "##teamcity[" not in shown
    assert not shown.lstrip().startswith("::")


@pytest.mark.parametrize("text", ["::1", "a::b", "test_a.py::test_b", "## title", "#[derive]"])
def test_what_is_no_command_stays(text: str) -> None:
    assert clean(text) == text


NAMES = """
import types, sys
evil = "A\\n::stop-commands::x\\n##[error]y\\u200b"
Evil = type(evil, (Whole,), {"__init__": lambda self, a, b: Exception.__init__(self, f"{a}{b}")})
Evil.__qualname__ = evil
setattr(sys.modules["shop.errors"], evil, Evil)
Evil.__module__ = "shop.errors"

def test_it():
    exc = Evil(1, 2)
    setattr(exc, "a\\n::error::z", object)
    with pytest.raises(Whole):
        raise exc
"""


@pytest.mark.parametrize("flags", [(), ("-v",), ("-n", "1")], ids=["plain", "v", "xdist"])
def test_a_name_makes_no_line_of_its_own(
    run: Any, flags: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    if "-n" in flags:
        pytest.importorskip("xdist")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    result = run(NAMES, "--portable-errors", *flags, "test_shop.py")
    result.assert_outcomes(failed=1)
    ours = [line for line in result.outlines if not line.startswith(("::error", "::warning"))]
    assert not [line for line in ours if line.lstrip().startswith("::")]
    assert not [line for line in result.outlines if "##[error]" in line]
    assert any("A\\n" in line for line in ours), "the name is shown, escaped"

"""The first run on an unknown repository is short, whatever the number of its defects.

The transcripts are whole; ``PORTABLE_ERRORS_TRANSCRIPTS=write`` writes them anew.
"""

from __future__ import annotations

import re
from pathlib import Path

import broken_classes
import pytest
from sample_runs import run, same_as, sample_repo

KNOWN = 4
"""Defects of the sample repository."""


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    return sample_repo(tmp_path)


@pytest.fixture(params=[8, 20, 60])
def defects(request: pytest.FixtureRequest, repo: Path) -> int:
    broken_classes.write(repo, request.param - KNOWN)
    number: int = request.param
    return number


MOST = {8: 60, 20: 120, 60: 200}
MOST_QUIET = {8: 10, 20: 25, 60: 65}


def test_it_is_short(repo: Path, defects: int) -> None:
    done = run(repo, "--portable-errors")
    assert len(done.stdout.splitlines()) <= MOST[defects]
    assert f"portable errors: {defects} defects in {defects} classes" in done.stdout
    same_as(f"first_run_of_{defects}", done)


def test_with_q_it_is_shorter(repo: Path, defects: int) -> None:
    done = run(repo, "--portable-errors", "-q")
    assert len(done.stdout.splitlines()) <= MOST_QUIET[defects]
    assert f"portable errors: {defects} defects in {defects} classes" in done.stdout
    same_as(f"first_run_of_{defects}_quiet", done)


def test_what_decides_the_exit_status_is_told_last(repo: Path) -> None:
    *_, told, pytests_own = run(repo, "--portable-errors", "-q").stdout.splitlines()
    assert told.startswith("FAILED portable-errors::chain - ")
    assert pytests_own.startswith("8 failed")


@pytest.mark.parametrize(
    ("option", "sections", "last"),
    [
        ((), 0, 0),
        (("--tb=short",), 8, 8),
        (("--tb=line",), 0, 8),
        (("--tb=no",), 0, 8),
        (("-rf",), 8, 8),
        (("-v",), 0, 0),
    ],
    ids=str,
)
def test_who_asks_for_each_test_gets_it(
    repo: Path, option: tuple[str, ...], sections: int, last: int
) -> None:
    told = run(repo, "--portable-errors", *option).stdout
    assert sum(line.startswith("____") for line in told.splitlines()) == sections
    short = told.partition("short test summary info")[2]
    assert len(re.findall(r"^FAILED (?:tests/|portable-errors::shop)", short, re.M)) == last


def test_the_text_of_one_test_has_at_most_twelve_lines(repo: Path) -> None:
    broken_classes.write(repo, len(broken_classes.KINDS))
    told = run(repo, "--portable-errors", "--tb=short").stdout
    texts = told.partition("= FAILURES =")[2].partition("= short test summary info =")[0]
    lengths = [len(text.splitlines()) - 1 for text in texts.split("\n____")[1:]]
    assert len(lengths) == 8 + 2 * len(broken_classes.KINDS)
    assert max(lengths) <= 12
    assert "\n  fix   " in texts
    repeated = re.findall(r"^\S.*; same defect as \S+, see the summary\n____", texts, re.M)
    assert len(repeated) >= len(broken_classes.KINDS), "built cases of raised classes"


def test_a_marked_test_is_as_full_as_it_was(repo: Path) -> None:
    tests = repo / "tests" / "test_orders.py"
    marked = tests.read_text().replace(
        "def test_reserving", "@pytest.mark.portable_exception\ndef test_reserving"
    )
    tests.write_text(marked)
    told = run(repo, "--portable-errors").stdout
    section = told.partition("_ test_reserving_twice _")[2].partition("\n====")[0]
    assert "        def __reduce__(self):" in section
    assert "\n  more  python -m pytest_portable_errors explain" in section


def test_workers_tell_a_defect_once_between_them(repo: Path) -> None:
    """Both meet it first, each for itself."""
    pytest.importorskip("xdist")
    broken_classes.write(repo, 1)
    tests = "\n".join(
        f"def test_again_{number}():\n    with pytest.raises(more.Broken01):\n"
        '        raise more.Broken01(1, "b")\n'
        for number in range(6)
    )
    with (repo / "tests" / "test_more.py").open("a") as file:
        file.write(tests)
    told = run(repo, "--portable-errors", "-n", "2", "--tb=short", "tests/test_more.py").stdout
    told = told.partition("= short test summary info =")[0]
    assert told.count("shop.more.Broken01 does not arrive: loads raised TypeError  ") == 1
    repeated = re.findall(
        r"^shop\.more\.Broken01 .*; same defect as shop\.more\.Broken01", told, re.M
    )
    assert len(repeated) == 6

"""What is known to be lost may be repaired; then it is known no more, so that it fails when it
comes back."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import pytest

NOT_FOUND = """
class NotFound(Exception):
    def __init__(self, name):
        super().__init__(f"not found: {name}")
"""
REPAIRED = """
    def __reduce__(self):
        return Exception.__new__, (type(self), *self.args), {"args": self.args, **self.__dict__}
"""
REPLACED = """
    def __reduce__(self):
        return RuntimeError, self.args
"""
TEST = """
def test_unknown():
    with pytest.raises(NotFound): raise NotFound("bob")
"""
CHAINED = """
def test_unknown():
    with pytest.raises(NotFound): raise NotFound("bob") from KeyError("bob")
"""
UPDATE = ("--portable-errors", "--portable-errors-update-baseline")
LOST_THERE = {
    f"shop.errors.NotFound init-rewrites-message {kind} {serializer} with-project"
    for kind in ("args", "message")
    for serializer in ("pickle", "cloudpickle")
}
UNDECIDED = {"portable-errors::receiver undecided * * *"}
LACKING = {
    f"shop.errors.NotFound class-not-importable arrival {serializer} without-project"
    for serializer in ("pickle", "cloudpickle")
}


class Known:
    """The lines of the file, and what the class is like."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    def file(self) -> Path:
        return self.folder / "portable-errors-baseline.txt"

    @property
    def lines(self) -> set[str]:
        lines = self.file.read_text().splitlines()
        return {line for line in lines if not line.startswith("#")}

    def become(self, source: str) -> None:
        (self.folder / "shop" / "errors.py").write_text(source)


@pytest.fixture(scope="module")
def first_update() -> list[str]:
    """What the first update has written: run once, the file is the same for every test."""
    return []


@pytest.fixture
def known(pytester: pytest.Pytester, run: Any, first_update: list[str]) -> Known:
    """The receiver is not chosen, and one class does not arrive."""
    found = Known(pytester.path)
    found.become(NOT_FOUND)
    if not first_update:
        run(TEST, *UPDATE)
        first_update.append(found.file.read_text())
    found.file.write_text(first_update[0])
    assert found.lines == LOST_THERE
    return found


def test_what_is_repaired_while_the_receiver_is_open_is_known_no_more(
    run: Any, known: Known
) -> None:
    known.become(NOT_FOUND + REPAIRED)
    run(TEST, "--portable-errors").stdout.fnmatch_lines(
        ["gone: 4 entries of portable-errors-baseline.txt; *"]
    )
    run(TEST, *UPDATE).stdout.fnmatch_lines(
        ["*wrote portable-errors-baseline.txt: 1 known, 1 added, 4 gone"]
    )
    assert known.lines == UNDECIDED
    known.become(NOT_FOUND)
    result = run(TEST, "--portable-errors")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["1  shop.errors.NotFound *"])


def test_also_where_it_loses_a_chain_that_nobody_has_asked_for(run: Any, known: Known) -> None:
    known.become(NOT_FOUND + REPAIRED)
    run(CHAINED, *UPDATE)
    assert known.lines == UNDECIDED | {"portable-errors::chain undecided * * *"}


def test_also_where_it_was_repaired_for_every_receiver(run: Any, known: Known) -> None:
    """By arriving as something else. Nobody has to have the project then, but it is asked once more
    because the file knows of it."""
    known.become(NOT_FOUND + REPLACED)
    run(
        TEST,
        *UPDATE,
        ".",
        "-o",
        "portable_errors_expect=shop.errors.NotFound -> builtins.RuntimeError",
    )
    assert known.lines == set()


def test_a_run_of_some_tests_takes_nothing_out(run: Any, known: Known) -> None:
    known.become(NOT_FOUND + REPAIRED)
    run(TEST, *UPDATE, "-k", "unknown")
    assert known.lines == LOST_THERE | UNDECIDED


def test_what_another_receiver_lacked_stays_when_that_one_is_not_asked(
    run: Any, known: Known
) -> None:
    known.become(NOT_FOUND + REPAIRED)
    with known.file.open("a") as file:
        file.write("\n".join(LACKING) + "\n")
    run(TEST, *UPDATE, "--portable-errors-receiver=with-project")
    assert known.lines == LACKING


def test_an_open_decision_is_known_once_and_for_later_classes(run: Any, known: Known) -> None:
    known.become(NOT_FOUND + REPAIRED)
    run(TEST, *UPDATE)
    known.become(NOT_FOUND + REPAIRED + "\n\nclass Later(Exception): pass\n")
    result = run(TEST, "--portable-errors")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(
        ["portable errors: checked 2 classes, * exceptions: 0 whole, 2 undecided"]
    )
    known.file.write_text(known.file.read_text().replace(min(UNDECIDED), ""))
    result = run(TEST, "--portable-errors")
    assert result.ret == pytest.ExitCode.TESTS_FAILED, "the control: nothing else knows of it"


def test_what_is_known_class_by_class_is_still_understood(run: Any, known: Known) -> None:
    """As files have it that were written before a decision had a line."""
    known.become(NOT_FOUND + REPAIRED)
    header = known.file.read_text().partition("\n")[0]
    known.file.write_text("\n".join([header, *LACKING, ""]))
    result = run(TEST, "--portable-errors")
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines(["portable errors: checked 1 class, *: 0 whole, 1 undecided"])
    known.become(NOT_FOUND + REPAIRED + "\n\nclass Later(Exception): pass\n")
    result = run(TEST, "--portable-errors")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["FAILED portable-errors::receiver - 1 of *", "       *Later"])


def test_a_decision_that_was_taken_is_known_no_more(
    run: Any, known: Known, pytester: pytest.Pytester
) -> None:
    known.become(NOT_FOUND + REPAIRED)
    run(TEST, *UPDATE)
    for taken in ("--portable-errors-receiver=with-project", "-oportable_errors_receiver=stdlib"):
        run(TEST, *UPDATE, taken)
        assert known.lines >= UNDECIDED, "the next run has it open again"
    ini = pytester.path / "tox.ini"
    ini.write_text(ini.read_text() + "\nportable_errors_receiver = with-project\n")
    run(TEST, "--portable-errors").stdout.fnmatch_lines(
        ["gone: 1 entry of portable-errors-baseline.txt; *"]
    )
    run(TEST, *UPDATE, "-k", "unknown")
    assert known.lines >= UNDECIDED, "a part of the run has not met all classes"
    run(TEST, *UPDATE)
    assert not known.lines & UNDECIDED


def test_the_line_to_paste_writes_the_file_that_the_same_run_reads(
    run: Any, pytester: pytest.Pytester
) -> None:
    """Another folder has settings of its own, and a receiver given by option is a part of what is
    known."""
    below = pytester.mkdir("part b")
    (below / "pytest.ini").write_text("[pytest]\npythonpath = ..\n")
    (below / "test_part.py").write_text(f"import pytest\nfrom shop.errors import *\n\n{TEST}")
    args = ("--portable-errors", "--portable-errors-receiver", "stdlib", "part b")
    result = run("", *args)
    (line,) = (line for line in result.outlines if line.startswith("adopt now: pytest "))
    run("", *shlex.split(line)[3:])
    assert (below / "portable-errors-baseline.txt").exists()
    again = run("", *args)
    assert again.ret == pytest.ExitCode.OK
    again.stdout.fnmatch_lines(["1 known defect (portable-errors-baseline.txt)"])

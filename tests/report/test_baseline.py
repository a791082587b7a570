"""The file of known defects: read as written, merged by keeping both sides, and told by file and
line where it is broken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_portable_errors.diagnosis.printable import clean
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.report.baseline import Baseline, Entry, parse, read_baseline

TITLE = Baseline().text().splitlines()[0]
# As they come from records: clean, and otherwise whatever a class may be called.
NAMES = st.text("ab_é.<:-= #>|\\\t\xa0\u3000\n\x85\u2028", max_size=9).map(clean)
ENTRIES = st.frozensets(st.builds(Entry.of, NAMES, NAMES, NAMES, NAMES, NAMES), max_size=4)
QUICK = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ONE = Entry("shop.errors.NotFound", "message-built-twice", "message", "pickle", "with-project")


@QUICK
@given(ENTRIES)
def test_what_is_written_is_what_is_read(entries: frozenset[Entry]) -> None:
    assert parse(Baseline(entries=entries).text(), origin="known.txt") == Baseline(entries=entries)


@QUICK
@given(ENTRIES, ENTRIES)
def test_the_lines_of_both_sides_of_a_merge_are_the_union(
    ours: frozenset[Entry], theirs: frozenset[Entry]
) -> None:
    both = Baseline(entries=ours).text() + Baseline(entries=theirs).text()
    assert parse(both, origin="known.txt").entries == ours | theirs


@QUICK
@given(ENTRIES, st.randoms(use_true_random=False))
def test_the_order_of_lines_and_line_ends_make_no_difference(
    entries: frozenset[Entry], random: object
) -> None:
    lines = Baseline(entries=entries).text().splitlines()
    random.shuffle(lines)  # type: ignore[attr-defined]  # Hypothesis gives a Random
    for end in ("\n", "\r\n"):
        assert parse(end.join(lines), origin="known.txt").entries == entries


@QUICK
@given(ENTRIES)
def test_the_lines_are_sorted_and_end_with_a_line_end(entries: frozenset[Entry]) -> None:
    text = Baseline(entries=entries).text()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert [tuple(line.split(" ")) for line in lines] == sorted(entries)
    assert text.endswith("\n")
    assert not text.endswith("\n\n")


@QUICK
@given(ENTRIES, st.data())
def test_it_knows_what_all_of_it_is_in_it(entries: frozenset[Entry], data: st.DataObject) -> None:
    some = data.draw(st.sets(st.sampled_from(sorted(entries)))) if entries else set()
    assert Baseline(entries=entries).knows(some)
    assert not Baseline(entries=entries - {ONE}).knows({*some, ONE})


@QUICK
@given(ENTRIES)
def test_it_is_made_of_its_own_rows(entries: frozenset[Entry]) -> None:
    assert Baseline.of(sorted(map(list, entries))).entries == entries


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((), "known.txt: this is no baseline that is known here"),
        (
            ("shop.NotFound cause message pickle with-project",),
            "known.txt: this is no baseline that is known here",
        ),
        ((TITLE.replace("1", "2"),), "known.txt: this is no baseline that is known here"),
        (
            (TITLE, "", "shop.NotFound message"),
            "known.txt:3: expected class, cause, what is lost, serializer and receiver",
        ),
        (
            (TITLE, "a b c d e f"),
            (
                "known.txt:2: expected class, cause, what is lost, serializer and receiver, got 'a "
                "b c d e f'"
            ),
        ),
        (
            (TITLE, " ".join(ONE), "<<<<<<< HEAD"),
            "known.txt:3: a merge conflict: keep the lines of both sides",
        ),
        ((TITLE, "======="), "known.txt:2: a merge conflict"),
        ((TITLE, ">>>>>>> theirs"), "known.txt:2: a merge conflict"),
        ((TITLE, "||||||| base"), "known.txt:2: a merge conflict"),
        (("<<<<<<< HEAD", TITLE), "known.txt:1: a merge conflict"),
    ],
)
def test_a_broken_line_is_told_with_file_and_line(lines: tuple[str, ...], message: str) -> None:
    with pytest.raises(PortableErrorsError) as caught:
        parse("\n".join(lines), origin="known.txt")
    assert message in str(caught.value)


def test_no_file_knows_nothing(tmp_path: Path) -> None:
    assert read_baseline(None) == read_baseline(tmp_path / "none.txt") == Baseline()


def test_comments_blank_lines_and_blanks_are_no_entries() -> None:
    text = f"\n# ours\n{TITLE}\n\n  {'   '.join(ONE)}  \n# {' '.join(ONE)}x\n"
    assert parse(text, origin="known.txt").entries == {ONE}


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", None])
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "known.txt"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    with pytest.raises(PortableErrorsError, match=r"known\.txt"):
        read_baseline(file)


REPORTED = ("--portable-errors", "--portable-errors-receiver=with-project")
UPDATES = (*REPORTED, "--portable-errors-update-baseline")
SOURCE = """
@pytest.mark.parametrize("kind", [NotFound, Whole])
def test_it(kind):
    with pytest.raises(kind): raise kind("bob")
"""


UNDECIDED = ("--portable-errors", "--portable-errors-update-baseline")


class TestRuns:
    """Runs that read and write the file."""

    @pytest.fixture
    def file(self, pytester: pytest.Pytester) -> Path:
        return pytester.path / "portable-errors-baseline.txt"

    def test_an_update_is_repeatable_and_then_only_what_is_new_fails(
        self, run: Any, pytester: pytest.Pytester, file: Path
    ) -> None:
        run(SOURCE, *UPDATES).assert_outcomes(passed=6)
        text = file.read_text()
        lines = [line for line in text.splitlines() if not line.startswith("#")]
        assert lines == sorted(lines)
        assert {line.split()[0] for line in lines} == {
            "shop.errors.NotFound",
            "shop.errors.PaymentError",
            "shop.errors.StepFailed",
        }
        assert str(pytester.path) not in text
        assert ".py" not in text.replace("pytest.ini", "")

        result = run(SOURCE, *UPDATES)
        result.assert_outcomes(passed=6)
        result.stdout.fnmatch_lines(
            ["*wrote portable-errors-baseline.txt: * known, 0 added, 0 gone"]
        )
        assert file.read_text() == text

        assert run(SOURCE, *REPORTED).ret == pytest.ExitCode.OK
        errors = pytester.path / "shop" / "errors.py"
        errors.write_text(errors.read_text() + "\nclass Odd(NotFound): pass\n")
        result = run(SOURCE, *REPORTED)
        result.assert_outcomes(passed=6, failed=1)
        result.stdout.fnmatch_lines(
            [
                "*: 1 defect in 1 class =*",
                "1  shop.errors.NotFound *",
                "   the same in 1 class: shop.errors.Odd",  # NotFound itself is known
            ]
        )
        assert file.read_text() == text, "only an update writes"

    def test_a_decision_is_held_once_and_covers_what_is_written_later(
        self, run: Any, pytester: pytest.Pytester, file: Path
    ) -> None:
        run(SOURCE, *UNDECIDED)
        decision = [line for line in file.read_text().splitlines() if "::" in line]
        assert decision == ["portable-errors::receiver undecided * * *"]
        errors = pytester.path / "shop" / "errors.py"
        errors.write_text(errors.read_text() + "\nclass Good(Exception): pass\n")
        assert run(SOURCE, "--portable-errors").ret == pytest.ExitCode.OK
        file.write_text(file.read_text().replace(f"{decision[0]}\n", ""))
        assert run(SOURCE, "--portable-errors").ret == pytest.ExitCode.TESTS_FAILED

    def test_a_decision_that_was_taken_is_gone(
        self, run: Any, pytester: pytest.Pytester, file: Path
    ) -> None:
        run(SOURCE, *UNDECIDED)
        ini = pytester.path / "tox.ini"
        ini.write_text(ini.read_text() + "\nportable_errors_receiver = with-project\n")
        run(SOURCE, *UNDECIDED)
        assert "portable-errors::receiver" not in file.read_text()

    def test_gone_is_what_a_whole_run_saw_arrive_and_a_narrow_one_loses_nothing(
        self, run: Any, pytester: pytest.Pytester, file: Path
    ) -> None:
        run(SOURCE, *UPDATES)
        before = file.read_text()
        errors = pytester.path / "shop" / "errors.py"
        errors.write_text(
            errors.read_text().replace(
                'super().__init__(f"not found: {name}")', "super().__init__(name)"
            )
        )

        for narrow in (("-k", "Whole or NotFound"), ("test_shop.py",)):
            run(SOURCE, *UPDATES, *narrow)
            assert file.read_text() == before, "a narrow run takes nothing out"
        result = run(SOURCE, *REPORTED)
        assert result.ret == pytest.ExitCode.OK
        result.stdout.fnmatch_lines(
            [
                (
                    "gone: * of portable-errors-baseline.txt; --portable-errors-update-baseline "
                    "takes them out"
                )
            ]
        )
        assert file.read_text() == before, "only an update writes"

        run(SOURCE, *UPDATES)
        after = file.read_text()
        assert "NotFound" not in after
        assert parse(after, origin="after").entries < parse(before, origin="before").entries

    def test_what_was_not_checked_is_not_gone(
        self, run: Any, pytester: pytest.Pytester, file: Path
    ) -> None:
        """A class that nobody raises and that is not surveyed says nothing about its entries."""
        run(SOURCE, *UPDATES)
        before = file.read_text()
        run("def test_it(): pass\n", *UPDATES, ".")
        assert file.read_text() == before
        run("def test_it(): assert 0\n", *UPDATES, "-x")
        assert file.read_text() == before, "stopped early"

    def test_workers_write_the_same_file(self, run: Any, file: Path) -> None:
        pytest.importorskip("xdist")
        run(SOURCE, *UPDATES)
        alone = file.read_text()
        file.unlink()
        run(SOURCE, *UPDATES, "-n", "2").assert_outcomes(passed=6)
        assert file.read_text() == alone
        assert run(SOURCE, *REPORTED, "-n", "2").ret == pytest.ExitCode.OK, "and know what is in it"

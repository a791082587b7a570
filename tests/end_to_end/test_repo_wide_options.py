"""A repo-wide run keeps what pytest's own options mean, and its modes decide what becomes of the
outcomes."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from in_matrix import MATRIX

WIDE = ("--portable-errors", "--portable-errors-receiver=with-project")
ALONE = (*WIDE, "test_shop.py")  # paths are given, so that no class is checked that was not raised

SOURCE = """
def test_whole():
    with pytest.raises(Whole): raise Whole("a")

def test_lossy():
    with pytest.raises(NotFound): raise NotFound("bob")

def test_does_not_arrive():
    with pytest.raises(PaymentError): raise PaymentError(7, "declined")
"""
DEFECTS = ["1  shop.errors.NotFound", "2  shop.errors.PaymentError"]
TOTALS = "checked 3 classes, 3 exceptions: 1 whole, 2 lossy"
DECISIONS = """
def test_whole_with_a_cause():
    with pytest.raises(Whole):
        try:
            1 / 0
        except ZeroDivisionError as cause:
            raise Whole("a") from cause
"""


def told(result: pytest.RunResult) -> list[str]:
    """What the summary says of defects, decisions and totals."""
    lines = (
        re.sub(
            r"^(\d+  \S+).*|^((?:FAILED|OPEN) portable-errors::(?:receiver|chain)) .*",
            r"\1\2",
            line,
        )
        for line in result.outlines
    )
    pattern = (
        r"\d+  \S|(FAILED|OPEN) portable-errors::(receiver|chain)$|checked |portable "
        r"errors: (no exception|checked )"
    )
    return [line for line in lines if re.match(pattern, line)]


class TestWhichTestsRun:
    @pytest.mark.parametrize("options", [("-x",), ("--maxfail=1",), ("--sw",)], ids=" ".join)
    def test_a_defect_stops_the_run_like_any_failure(
        self, run: Any, options: tuple[str, ...]
    ) -> None:
        result = run(SOURCE, *ALONE, *options)
        result.assert_outcomes(passed=1, failed=1)
        assert result.ret == (
            pytest.ExitCode.INTERRUPTED if "--sw" in options else pytest.ExitCode.TESTS_FAILED
        )
        assert told(result) == [DEFECTS[0], "checked 2 classes, 2 exceptions: 1 whole, 1 lossy"]

    def test_keywords_and_deselection_hold_for_tests_and_for_classes(self, run: Any) -> None:
        result = run(
            SOURCE,
            *WIDE,
            "-k",
            "lossy or Whole",
            "--deselect",
            "portable-errors::shop.errors.Whole",
        )
        result.assert_outcomes(passed=1, failed=1, deselected=5)
        assert told(result) == [DEFECTS[0], "checked 2 classes, 2 exceptions: 1 whole, 1 lossy"]

    def test_a_class_that_is_given_as_a_path_is_refused_with_what_to_type(self, run: Any) -> None:
        for given, told_to_type in (
            ("portable-errors::shop.errors.Whole", "pytest --portable-errors -k Whole"),
            ("portable-errors/ours::app.make[1]", "pytest --portable-errors-suite ours -k make"),
        ):
            result = run(SOURCE, "--portable-errors", given)
            assert result.ret == pytest.ExitCode.USAGE_ERROR
            result.stderr.fnmatch_lines(
                [
                    f"ERROR: {given.replace('[', '[[]')} is no path that pytest finds: type {told_to_type}"
                ]
            )

    def test_failed_first_and_failed_only(self, run: Any) -> None:
        run(SOURCE, *WIDE).assert_outcomes(passed=2, failed=5)
        first = run(SOURCE, *WIDE, "--ff", "-v")
        ran = [
            match[1] for line in first.outlines if (match := re.match(r"\S+ (PASSED|FAILED)", line))
        ]
        assert ran == 5 * ["FAILED"] + 2 * ["PASSED"]
        again = run(SOURCE, *WIDE, "--lf", "test_shop.py")
        again.assert_outcomes(failed=2, deselected=1)
        assert told(again) == [*DEFECTS, "checked 2 classes, 2 exceptions: 0 whole, 2 lossy"]

    def test_classes_are_checked_as_well_unless_paths_are_given(self, run: Any) -> None:
        run(SOURCE, *ALONE).assert_outcomes(passed=1, failed=2)
        result = run(SOURCE, *WIDE)
        result.assert_outcomes(passed=2, failed=5)
        assert told(result) == [
            *DEFECTS,
            "3  shop.errors.StepFailed",
            "checked 4 classes, 14 exceptions: 1 whole, 3 lossy",
        ]

    def test_collecting_shows_the_classes_and_starts_no_receiver(
        self, run: Any, pytester: pytest.Pytester
    ) -> None:
        pytester.makeconftest(
            "import pytest\n\n"
            "@pytest.hookimpl(trylast=True)\n"
            "def pytest_sessionfinish():\n"
            "    import pathlib\n"
            "    children = [name.read_text() for name in "
            "pathlib.Path('/proc/self/task').glob('*/children')]\n"
            "    print('children:', len(''.join(children).split()))\n"
        )
        result = run(SOURCE, *WIDE, "--co", "-q", "-s")
        assert [line for line in result.outlines if line.startswith("portable-errors")] == [
            f"portable-errors::shop.errors.{name}"
            for name in ("NotFound", "PaymentError", "StepFailed", "Whole")
        ]
        assert "children: 0" in result.stdout.str()
        assert "children: 0" not in run(SOURCE, *ALONE, "-s").stdout.str()
        assert told(result) == []

    def test_the_rerun_line_runs_what_met_the_defect(self, run: Any) -> None:
        for options in (ALONE, WIDE):
            result = run(SOURCE, *options)
            lines = [
                line.removeprefix("   rerun: pytest ")
                for line in result.outlines
                if line.startswith("   rerun: ")
            ]
            assert len(lines) == (2 if options is ALONE else 3)
            again = run(SOURCE, *shlex.split(lines[1]))
            if options is ALONE:
                again.assert_outcomes(failed=1, deselected=2)
            else:  # the test that raised it, and the class
                again.assert_outcomes(failed=2, deselected=5)
            assert [
                line for line in told(again) if "NotFound" in line or "PaymentError" in line
            ] == ["1  shop.errors.PaymentError"]


class TestWhatIsShown:
    def test_without_a_terminal(self, run: Any) -> None:
        result = run(SOURCE, *ALONE, "-p", "no:terminal", "--portable-errors-report=found.json")
        assert (result.ret, result.outlines) == (pytest.ExitCode.TESTS_FAILED, [])
        assert '"shop.errors.NotFound"' in Path("found.json").read_text()

    @pytest.mark.parametrize(
        "options",
        [
            ("--tb=no",),
            *(
                pytest.param(options, marks=MATRIX)
                for options in (("--tb=short",), ("--durations=2",), ("-p", "no:cacheprovider"))
            ),
        ],
        ids=" ".join,
    )
    def test_less_is_told_of_tests_and_the_same_of_defects(
        self, run: Any, options: tuple[str, ...]
    ) -> None:
        result = run(SOURCE, *ALONE, *options)
        assert told(result) == [*DEFECTS, TOTALS]
        assert f"   rerun: pytest {' '.join(ALONE)} -k test_lossy" in result.outlines

    @pytest.mark.parametrize("option", ["-q", pytest.param("-qq", marks=MATRIX)])
    def test_quiet_tells_a_line_for_each_cause(self, run: Any, option: str) -> None:
        result = run(SOURCE + SOURCE.replace("_lossy", "_again"), *ALONE, option)
        after_dots = [line for line in result.outlines if "%]" not in line and "passed" not in line]
        assert after_dots == [
            ("portable errors: 2 defects in 2 classes (without -q: why, where, and what to do)"),
            "  init-rewrites-message: shop.errors.NotFound",
            "  init-does-not-fit-args: shop.errors.PaymentError",
        ]

    def test_each_defect_is_told_once_and_pytest_leaves_out_its_tests(self, run: Any) -> None:
        source = SOURCE + "\ndef test_own(): assert 1 == 2\n"
        result = run(source, *ALONE)
        result.assert_outcomes(passed=1, failed=3)
        titles = [line.strip("_ ") for line in result.outlines if line.startswith("____")]
        assert titles == ["test_own"]
        failed = [line for line in result.outlines if line.startswith("FAILED test_shop.py::")]
        assert failed == ["FAILED test_shop.py::test_own - assert 1 == 2"]
        assert sum("- the class with exc.args -" in line for line in result.outlines) == 2
        assert told(result) == [*DEFECTS, TOTALS]

    @pytest.mark.parametrize("option", ["--tb=short", "-ra"])
    def test_who_asks_pytest_for_each_test_gets_it(self, run: Any, option: str) -> None:
        result = run(SOURCE, *ALONE, option)
        titles = [line.strip("_ ") for line in result.outlines if line.startswith("____")]
        assert titles == ["test_lossy", "test_does_not_arrive"]
        assert [line.partition(" - ")[0] for line in result.outlines if "FAILED " in line] == [
            "FAILED test_shop.py::test_lossy",
            "FAILED test_shop.py::test_does_not_arrive",
        ]

    def test_verbose_shows_fixes_and_every_class(self, run: Any) -> None:
        result = run(SOURCE, "--portable-errors", "test_shop.py", "-v", "--tb=no")
        result.stdout.fnmatch_lines(
            ["1  shop.errors.NotFound *", "*def __reduce__(self):", "2  shop.errors.PaymentError *"]
        )
        result.stdout.fnmatch_lines(
            ["FAILED portable-errors::receiver - 1 of *", "       shop.errors.Whole"]
        )

    @pytest.mark.parametrize("ci", ["", "true"], ids=["at-home", "on-ci"])
    def test_a_failure_names_its_losses_in_full_once(
        self, run: Any, monkeypatch: pytest.MonkeyPatch, ci: str
    ) -> None:
        if ci:
            monkeypatch.setenv("CI", ci)
        source = (
            SOURCE
            + "\ndef test_lossy_again():\n    with pytest.raises(NotFound): raise NotFound('al')\n"
        )
        result = run(source, *ALONE, "--tb=short")
        result.stdout.fnmatch_lines(
            [
                "_* test_lossy _*",
                "  - message       not found: bob",
                "  + message       not found: not found: bob",
            ]
        )
        result.stdout.fnmatch_lines(
            [
                "_* test_lossy_again _*",
                (
                    "shop.errors.NotFound arrives changed: message, args; same defect as "
                    "shop.errors.NotFound, see the summary"
                ),
            ]
        )
        assert result.stdout.str().count("  - message  ") == 1
        assert sum(line.startswith("FAILED test_shop.py::") for line in result.outlines) == 3

    def test_a_line_for_each(self, run: Any) -> None:
        result = run(SOURCE, *ALONE, "--tb=line")
        result.stdout.fnmatch_lines(
            ["*test_shop.py:8: shop.errors.NotFound arrives changed: message, args*"]
        )

    def test_colour(self, run: Any) -> None:
        result = run(SOURCE, *ALONE, "--color=yes", "--tb=short")
        assert any(
            "\x1b[31m" in line and "portable errors: 2 defects in 2 classes" in line
            for line in result.outlines
        )
        assert any(line.startswith("\x1b[31m  - message") for line in result.outlines)
        assert "\x1b" not in run(SOURCE, *ALONE, "--color=no").stdout.str()

    def test_junit_names_failures_and_defects(self, run: Any) -> None:
        run(SOURCE, *ALONE, "--junitxml=out.xml")
        cases = {case.get("name"): case for case in ElementTree.parse("out.xml").iter("testcase")}
        properties = {
            name: [(found.get("name"), found.get("value")) for found in case.iter("property")]
            for name, case in cases.items()
        }
        assert properties == {
            "test_whole": [],
            "test_lossy": [("portable_errors", "shop.errors.NotFound: init-rewrites-message")],
            "test_does_not_arrive": [
                ("portable_errors", "shop.errors.PaymentError: init-does-not-fit-args")
            ],
        }
        failed = {
            name: failure.text or ""
            for name, case in cases.items()
            for failure in case.iter("failure")
        }
        assert set(failed) == {"test_lossy", "test_does_not_arrive"}
        assert failed["test_lossy"].startswith(
            "shop.errors.NotFound arrives changed: message, args"
        )

    def test_commands_for_github(self, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
        result = run(SOURCE, "--portable-errors", "test_shop.py")
        commands = [line.split("::")[1] for line in result.outlines if line.startswith("::")]
        assert commands == [
            (
                "error file=shop/errors.py,line=9,title=shop.errors.NotFound arrives changed%3A "
                "message%2C args"
            ),
            (
                "error file=shop/errors.py,line=2,title=shop.errors.PaymentError does not "
                "arrive%3A loads raised TypeError"
            ),
            "error title=portable errors",
        ]
        monkeypatch.delenv("GITHUB_ACTIONS")
        assert not any(line.startswith("::") for line in run(SOURCE, *ALONE).outlines)

    def test_warnings_that_are_errors_change_nothing(
        self, run: Any, pytester: pytest.Pytester
    ) -> None:
        pytester.makeini("[pytest]\npythonpath = .\nfilterwarnings = error\n")
        result = run(SOURCE, *WIDE)
        result.assert_outcomes(passed=2, failed=5)
        assert told(result)[-1] == "checked 4 classes, 14 exceptions: 1 whole, 3 lossy"


class TestModes:
    @pytest.mark.parametrize("way", ["flag", "option", "ini"])
    def test_error_fails_the_tests_that_meet_defects(
        self, run: Any, pytester: pytest.Pytester, way: str
    ) -> None:
        pytester.makeini(
            f"[pytest]\npythonpath = .\nportable_errors = {'error' if way == 'ini' else 'off'}\n"
        )
        options = {
            "flag": ("--portable-errors",),
            "option": ("--portable-errors-mode=error",),
            "ini": (),
        }[way]
        result = run(SOURCE, *options, "test_shop.py")
        result.assert_outcomes(passed=1, failed=2)
        assert told(result) == [
            *DEFECTS,
            "checked 3 classes, 3 exceptions: 0 whole, 1 as you decide below, 2 lossy",
            "FAILED portable-errors::receiver",
        ]

    @pytest.mark.parametrize("way", ["option", "ini"])
    def test_warn_fails_nothing_and_tells_the_same(
        self, run: Any, pytester: pytest.Pytester, way: str
    ) -> None:
        pytester.makeini(
            f"[pytest]\npythonpath = .\nportable_errors = {'warn' if way == 'ini' else 'error'}\n"
        )
        result = run(
            SOURCE + DECISIONS,
            *(("--portable-errors-mode=warn",) if way == "option" else ()),
            "test_shop.py",
        )
        result.assert_outcomes(passed=4)
        assert result.ret == pytest.ExitCode.OK
        assert told(result) == [
            *DEFECTS,
            "checked 3 classes, 4 exceptions: 0 whole, 1 as you decide below, 2 lossy",
            "OPEN portable-errors::receiver",
            "OPEN portable-errors::chain",
        ]

    def test_warn_keeps_the_failures_that_tests_have_by_themselves(self, run: Any) -> None:
        source = SOURCE + (
            "\ndef test_fails(): raise NotFound('al')\n\n@pytest.mark.xfail\ndef "
            "test_xfails(): raise NotFound('al')\n"
        )
        result = run(source, "--portable-errors-mode=warn", "test_shop.py")
        result.assert_outcomes(passed=3, failed=1, xfailed=1)
        assert told(result) == [
            *DEFECTS,
            "checked 3 classes, 5 exceptions: 0 whole, 1 as you decide below, 2 lossy",
            "OPEN portable-errors::receiver",
        ]

    @pytest.mark.parametrize("way", ["option", "ini"])
    def test_off_is_as_if_it_were_not_there(
        self, run: Any, pytester: pytest.Pytester, way: str
    ) -> None:
        pytester.makeini(
            f"[pytest]\npythonpath = .\nportable_errors = {'off' if way == 'ini' else 'error'}\n"
        )
        result = run(SOURCE, *(("--portable-errors-mode=off",) if way == "option" else ()))
        result.assert_outcomes(passed=3)
        assert (result.ret, told(result)) == (pytest.ExitCode.OK, [])

    def test_open_decisions_alone_fail_the_run(self, run: Any) -> None:
        result = run(DECISIONS, "--portable-errors", "test_shop.py")
        result.assert_outcomes(passed=1)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        taken = (
            "-o",
            "portable_errors_receiver=with-project",
            "-o",
            "portable_errors_checks=type message args attributes notes members",
        )
        result = run(DECISIONS, "--portable-errors", "test_shop.py", *taken)
        assert result.ret == pytest.ExitCode.OK
        assert told(result) == ["portable errors: checked 1 class, 1 exception: 1 whole"]


class TestOutcomes:
    def test_markers_and_fixtures_stay_strict(self, run: Any) -> None:
        """They ask for the receiver that they name, and for every check, whatever is still open for
        all others, and in every mode."""
        source = """
@pytest.mark.portable_exception
def test_without_the_project():
    with pytest.raises(Whole): raise Whole("a")

@pytest.mark.portable_exception
def test_nothing(): pass

@pytest.mark.portable_exception(raises=Whole, receiver="with-project")
def test_escapes(): raise Whole("a")

def test_fixture(assert_roundtrip): assert_roundtrip(Whole("a"))

def test_plain():
    with pytest.raises(Whole): raise Whole("a")
"""
        for mode in ("--portable-errors-mode=error", "--portable-errors-mode=warn"):
            result = run(source, mode, "test_shop.py", "-rA")
            result.assert_outcomes(passed=2, failed=3)
            result.stdout.fnmatch_lines(
                [
                    "captured no exception",
                    "PASSED test_shop.py::test_escapes",
                    "PASSED test_shop.py::test_plain",
                ]
            )
            assert told(result) == [
                "1  shop.errors.Whole",
                "checked 1 class, 4 exceptions: 0 whole, 1 lossy",
            ]

    def test_a_tests_own_failure_stays_and_the_losses_are_a_section(self, run: Any) -> None:
        source = """
def test_assertion():
    with pytest.raises(NotFound): raise NotFound("bob")
    assert 1 == 2

def test_escapes(): raise PaymentError(7, "declined")

def test_whole_escapes(): raise Whole("a")
"""
        result = run(source, *ALONE)
        result.assert_outcomes(failed=3)
        result.stdout.fnmatch_lines(
            [
                "E       assert 1 == 2",
                "*- portable errors -*",
                "shop.errors.NotFound arrives changed: *",
            ]
        )
        result.stdout.fnmatch_lines(
            [
                "E *PaymentError: order 7: declined",
                "*- portable errors -*",
                "shop.errors.PaymentError does not arrive: *",
            ]
        )
        assert len([line for line in result.outlines if "- portable errors -" in line]) == 2
        assert told(result) == [*DEFECTS, TOTALS]

    def test_a_repository_without_exceptions(
        self, run_pytest: Any, pytester: pytest.Pytester
    ) -> None:
        pytester.makepyfile("def test_it(): pass\n")
        result = run_pytest("--portable-errors")
        assert result.ret == pytest.ExitCode.OK
        assert told(result) == ["portable errors: no exception was met"]

    @pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "shared out"])
    def test_an_empty_repository(self, run_pytest: Any, options: tuple[str, ...]) -> None:
        if options:
            pytest.importorskip("xdist")
        result = run_pytest("--portable-errors", *options)
        assert result.ret == pytest.ExitCode.NO_TESTS_COLLECTED
        assert told(result) == ["portable errors: no exception was met"]


def test_a_folder_that_bears_our_name_holds_tests_like_any_other(
    run: Any, pytester: pytest.Pytester
) -> None:
    folder = pytester.mkdir("portable-errors")
    source = (
        "import pytest\nfrom shop.errors import *\n\ndef test_lossy():\n    with "
        "pytest.raises(NotFound): raise NotFound('bob')\n"
    )
    (folder / "test_named.py").write_text(source)
    result = run("def test_nothing(): pass\n", *WIDE, "portable-errors")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*met by portable-errors/test_named.py::test_lossy*"])

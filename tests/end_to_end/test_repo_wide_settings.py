"""Settings of a run that checks all tests: every form is read alike, has its effect, and says what
is wrong with it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from chosen_plugins import NO_OTHERS, chosen
from settings_files import EVERY_FORM, NATIVE, write

from pytest_portable_errors.diagnosis.checks import CHECKS
from pytest_portable_errors.judging.declarations import Expected
from pytest_portable_errors.run.options import Options, read_options
from pytest_portable_errors.run.reporter import Reporter

KNOWN = "# Known defects of exceptions, by pytest-portable-errors; format 1.\n"


@pytest.fixture(autouse=True)
def no_other_plugins(monkeypatch: pytest.MonkeyPatch) -> None:
    """In the configurations that are read in this process, too."""
    for name, text in NO_OTHERS.items():
        monkeypatch.setenv(name, text)


Read = Callable[..., Options]


@pytest.fixture
def read(pytester: pytest.Pytester, shop: Path) -> Read:
    """Read the options of a run with these arguments, in this process."""

    def read(*args: str) -> Options:
        config = pytester.parseconfig(*chosen(), *args)
        return read_options(
            config, serializers=lambda: ("pickle", "cloudpickle"), suites=lambda: ("litellm",)
        )

    return read


class TestGoodValues:
    @EVERY_FORM
    def test_every_form_of_every_key_is_read_alike(
        self, read: Read, pytester: pytest.Pytester, form: str
    ) -> None:
        (pytester.path / "known.txt").write_text(KNOWN)
        write(
            pytester,
            form,
            portable_errors="warn",
            portable_errors_capture=["raises", "handled"],
            portable_errors_expect=[
                "shop.errors.StepFailed -> builtins.RuntimeError",
                "a.b->c.d",
                "app.make.<locals>.Locked without client, pool",
            ],
            portable_errors_ignore=["shop.legacy.*", "shop.errors.Whole"],
            portable_errors_installed=["shop.client"],
            portable_errors_absent=["cloudpickle", "yaml"],
            portable_errors_survey=["shop", "json"],
            portable_errors_baseline="known.txt",
            portable_errors_receiver=["with-project", "stdlib", "with-project"],
            portable_errors_checks=["message", "chain"],
            portable_errors_serializers=["cloudpickle"],
        )
        found = read()
        assert found.mode == "warn"
        assert found.is_on
        assert found.capture == ("raises", "handled")
        assert found.expect == (
            Expected(cls="shop.errors.StepFailed", arrives_as="builtins.RuntimeError"),
            Expected(cls="a.b", arrives_as="c.d"),
            Expected(cls="app.make.<locals>.Locked", without=("client", "pool")),
        )
        assert found.ignore == ("shop.legacy.*", "shop.errors.Whole")
        assert found.installed == ("shop.client",)
        assert found.absent == ("cloudpickle", "yaml")
        assert found.survey == ("shop", "json")
        assert found.baseline == pytester.path / "known.txt"
        assert (found.receivers, found.receiver_is_chosen) == (("with-project", "stdlib"), True)
        assert (found.checks, found.checks_are_chosen) == (("message", "chain"), True)
        assert found.serializers == ("cloudpickle",)

    def test_defaults(self, read: Read) -> None:
        found = read()
        assert (found.mode, found.is_on, found.surveys, found.runs_no_tests) == (
            "off",
            False,
            False,
            False,
        )
        assert found.capture == ("raises", "unittest", "escaped")
        assert (found.receivers, found.receiver_is_chosen) == (("without-project",), False)
        assert (found.checks, found.checks_are_chosen) == (
            tuple(check for check in CHECKS if check not in ("traceback", "additions")),
            False,
        )
        assert (
            found.expect,
            found.ignore,
            found.installed,
            found.absent,
            found.survey,
            found.reports,
        ) == ((), (), (), (), (), ())
        assert found.baseline is None

    @pytest.mark.parametrize("form", ["toml", pytest.param("native", marks=NATIVE)])
    @pytest.mark.parametrize(("value", "mode"), [(True, "error"), (False, "off")])
    def test_toml_s_own_words_for_on_and_off(
        self, read: Read, pytester: pytest.Pytester, form: str, value: bool, mode: str
    ) -> None:
        write(pytester, form, portable_errors=value)
        assert read().mode == mode

    @EVERY_FORM
    def test_no_package_is_surveyed_where_that_is_said(
        self, read: Read, pytester: pytest.Pytester, form: str
    ) -> None:
        write(pytester, form, portable_errors="error", portable_errors_survey=["none"])
        assert (read().surveys_project, read().survey) == (False, ())

    @pytest.mark.parametrize(
        ("args", "mode"),
        [
            (("--portable-errors",), "error"),
            (("--portable-errors-mode", "warn"), "warn"),
            (("--portable-errors-mode=off",), "off"),
            (("--portable-errors", "--portable-errors-mode=warn"), "warn"),
            (("-o", "portable_errors=error"), "error"),
        ],
    )
    def test_the_mode_on_the_command_line_goes_before_the_file(
        self, read: Read, pytester: pytest.Pytester, args: tuple[str, ...], mode: str
    ) -> None:
        write(pytester, "ini", portable_errors="warn" if mode == "off" else "off")
        assert read(*args).mode == mode

    def test_the_other_options(self, read: Read, pytester: pytest.Pytester) -> None:
        (pytester.path / "known.txt").write_text(KNOWN)
        (pytester.path / "other.txt").write_text(KNOWN)
        write(
            pytester,
            "ini",
            portable_errors_baseline="known.txt",
            portable_errors_receiver=["stdlib"],
            portable_errors_survey=["json"],
        )
        found = read(
            "--portable-errors",
            "--portable-errors-receiver=with-project",
            f"--portable-errors-receiver={sys.executable}",
            "--portable-errors-survey=shop",
            "--portable-errors-report=a.json",
            "--portable-errors-report=a.json",
            "--portable-errors-baseline=other.txt",
        )
        assert found.receivers == ("with-project", sys.executable)
        assert found.survey == ("shop", "json")
        assert found.reports == (pytester.path / "a.json",)
        assert found.baseline == pytester.path / "other.txt"

    def test_paths_in_the_file_start_from_it_and_on_the_command_line_from_here(
        self, read: Read, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        here = pytester.mkdir("below")
        for folder in (pytester.path, here):
            (folder / "known.txt").write_text(KNOWN)
        write(pytester, "ini", portable_errors_baseline="known.txt")
        monkeypatch.chdir(here)
        assert read().baseline == pytester.path / "known.txt"
        assert read("--portable-errors-baseline=known.txt").baseline == here / "known.txt"

    def test_the_usual_baseline_is_used_where_it_is(
        self, read: Read, pytester: pytest.Pytester
    ) -> None:
        usual = pytester.path / "portable-errors-baseline.txt"
        assert read("--portable-errors").baseline is None
        assert read("--portable-errors", "--portable-errors-update-baseline").baseline == usual
        usual.write_text(KNOWN)
        assert read("--portable-errors").baseline == usual

    @pytest.mark.parametrize(
        "args",
        [
            ("--portable-errors", "test_a.py"),
            ("--portable-errors", "-k", "a"),
            ("--portable-errors",),
        ],
    )
    def test_the_project_is_surveyed_when_no_paths_are_given(
        self, read: Read, pytester: pytest.Pytester, args: tuple[str, ...]
    ) -> None:
        pytester.makepyfile(test_a="")
        assert read(*args).surveys_project == ("test_a.py" not in args)

    def test_a_survey_alone_runs_no_tests(self, read: Read, pytester: pytest.Pytester) -> None:
        pytester.makepyfile(test_a="")
        assert read("--portable-errors-survey=shop").runs_no_tests
        assert not read("--portable-errors-survey=shop", "test_a.py").runs_no_tests
        assert not read("--portable-errors-survey=shop", "--portable-errors").runs_no_tests

    @pytest.mark.parametrize(
        ("args", "command"),
        [
            ((), "pytest"),
            (("--portable-errors",), "pytest --portable-errors"),
            (("-o", "portable_errors=error"), "pytest --portable-errors -o portable_errors=error"),
            (
                ("--portable-errors-mode=warn", "-x", "-k", "a"),
                "pytest --portable-errors-mode=warn",
            ),
            (
                ("--portable-errors", "below", "test_a.py::test_a[x y]"),
                "pytest --portable-errors below 'test_a.py::test_a[x y]'",
            ),
            (
                ("-p", "no:faulthandler", "below", "--portable-errors"),
                "pytest --portable-errors below",
            ),
            (
                (
                    "--portable-errors",
                    "--portable-errors-receiver",
                    "stdlib",
                    "--portable-errors-baseline=a b.txt",
                    "-q",
                ),
                (
                    "pytest --portable-errors --portable-errors-receiver=stdlib "
                    "'--portable-errors-baseline=a b.txt'"
                ),
            ),
            (
                (
                    "--portable-errors",
                    "--portable-errors-update-baseline",
                    "--portable-errors-report",
                    "a.json",
                ),
                "pytest --portable-errors",
            ),
            (("--portable-errors-survey=shop",), "pytest --portable-errors-survey=shop"),
            (("--portable-errors-suite", "litellm"), "pytest --portable-errors-suite=litellm"),
            (
                ("--portable-errors", "-c", "other.ini", "-o", "addopts="),
                "pytest --portable-errors -c other.ini",
            ),
            (
                ("--portable-errors", "--rootdir=below", "--pyargs", "json"),
                "pytest --portable-errors --rootdir below --pyargs json",
            ),
        ],
    )
    @pytest.mark.usefixtures("shop")
    def test_what_asks_for_the_same_again(
        self, pytester: pytest.Pytester, args: tuple[str, ...], command: str
    ) -> None:
        pytester.makepyfile(test_a="def test_a(): pass\n")
        pytester.mkdir("below")
        (pytester.path / "other.ini").write_text("[pytest]\n")
        (pytester.path / "a b.txt").write_text(KNOWN)
        config = pytester.parseconfig(*chosen(), *args)
        found = Reporter(
            config, read_options(config, serializers=lambda: (), suites=lambda: ("litellm",)), None
        ).outcome()
        assert found.command == command


class TestWhatIsPrintedToBePasted:
    """A choice as it is printed is valid where it is pasted, and takes the decision."""

    SOURCE = """
def test_it():
    with pytest.raises(Whole): raise Whole("a") from KeyError("a")
"""

    @EVERY_FORM
    def test_a_choice_is_valid_where_it_is_pasted(
        self, run: Any, pytester: pytest.Pytester, form: str
    ) -> None:
        name = write(pytester, form)
        result = run(self.SOURCE, "--portable-errors", "test_shop.py")
        told = result.stdout.str()
        table = {"toml": "[tool.pytest.ini_options]", "native": "[tool.pytest]"}.get(form)
        assert told.count(f"?   In {name}, {table}:\n") == (0 if form == "ini" else 2)
        choices = re.findall("(?:have your code|itself is enough): +(portable_errors_.*)\n", told)
        assert [choice.partition(" ")[0] for choice in choices] == [
            "portable_errors_receiver",
            "portable_errors_checks",
        ]
        with (pytester.path / name).open("a") as file:
            file.write("\n".join(choices))
        again = run(self.SOURCE, "--portable-errors", "test_shop.py")
        assert again.ret == pytest.ExitCode.OK
        again.stdout.fnmatch_lines(["portable errors: checked 1 class, 1 exception: 1 whole"])

    def test_without_a_file_of_settings_there_is_no_toml(
        self, run: Any, pytester: pytest.Pytester, monkeypatch: Any
    ) -> None:
        (pytester.path / "tox.ini").unlink()
        monkeypatch.setenv("PYTHONPATH", str(pytester.path))
        result = run(self.SOURCE, "--portable-errors", "test_shop.py")
        result.stdout.fnmatch_lines(["*portable_errors_receiver = with-project"])
        assert "[" not in "".join(line for line in result.outlines if "portable_errors_" in line)


MODES = "expected one of off, warn, error"
CAPTURES = "expected one of raises, unittest, escaped, handled"
EXPECT = (
    "A -> B, dotted names of two classes, e.g. app.StepFailed -> builtins.RuntimeError, or A "
    "without NAME, NAME: attributes that stay behind"
)
RECEIVERS = (
    "expected one of without-project, stdlib, with-project, or the path of a Python interpreter"
)
WRONG = [
    ("portable_errors", "loud", f'portable_errors ({{file}}): unknown "loud": {MODES}'),
    (
        "portable_errors_capture",
        ["raises", "typo"],
        f'portable_errors_capture ({{file}}): unknown "typo": {CAPTURES}',
    ),
    (
        "portable_errors_expect",
        ["app.A = app.B"],
        f'portable_errors_expect = "app.A = app.B" ({{file}}): expected {EXPECT}',
    ),
    (
        "portable_errors_expect",
        ["app.A ->"],
        f'portable_errors_expect = "app.A ->" ({{file}}): expected {EXPECT}',
    ),
    (
        "portable_errors_expect",
        ["-> app.A"],
        f'portable_errors_expect = "-> app.A" ({{file}}): expected {EXPECT}',
    ),
    (
        "portable_errors_expect",
        ["app.A -> builtins.Nope"],
        (
            f'portable_errors_expect = "app.A -> builtins.Nope" ({{file}}): expected {EXPECT}; '
            "builtins has no class Nope"
        ),
    ),
    (
        "portable_errors_expect",
        ["builtins.len -> app.A"],
        (
            f'portable_errors_expect = "builtins.len -> app.A" ({{file}}): expected {EXPECT}; '
            "builtins has no class len"
        ),
    ),
    (
        "portable_errors_expect",
        ["a.A -> b.B -> c.C"],
        f'portable_errors_expect = "a.A -> b.B -> c.C" ({{file}}): expected {EXPECT}',
    ),
    (
        "portable_errors_installed",
        ["shop/client.py"],
        (
            'portable_errors_installed = "shop/client.py" ({file}): expected the dotted name of a '
            "module, e.g. shop.client"
        ),
    ),
    (
        "portable_errors_absent",
        ["shop."],
        (
            'portable_errors_absent = "shop." ({file}): expected the dotted name of a module, e.g. '
            "shop.client"
        ),
    ),
    (
        "portable_errors_survey",
        ["no_such"],
        (
            'portable_errors_survey ({file}): unknown "no_such": expected a package that can be '
            "imported, e.g. httpx"
        ),
    ),
    (
        "portable_errors_survey",
        ["shop/errors.py"],
        (
            'portable_errors_survey ({file}): unknown "shop/errors.py": expected a package that '
            "can be imported, e.g. httpx"
        ),
    ),
    (
        "portable_errors_baseline",
        "no-such.txt",
        (
            "portable_errors_baseline ({file}): there is no file no-such.txt; "
            "--portable-errors-update-baseline writes it"
        ),
    ),
    (
        "portable_errors_receiver",
        ["moon"],
        f'portable_errors_receiver ({{file}}): unknown "moon": {RECEIVERS}',
    ),
    (
        "portable_errors_checks",
        ["typo"],
        f'portable_errors_checks ({{file}}): unknown "typo": expected one of {", ".join(CHECKS)}',
    ),
    (
        "portable_errors_serializers",
        ["json"],
        'portable_errors_serializers ({file}): unknown "json": expected one of pickle, cloudpickle',
    ),
    (
        "portable_errors_credentials",
        "loud",
        f'portable_errors_credentials ({{file}}): unknown "loud": {MODES}',
    ),
]
OF_TYPES = {
    "portable_errors": "one of off, warn, error",
    "portable_errors_capture": "a list of names",
    "portable_errors_expect": f"a list of {EXPECT}",
    "portable_errors_ignore": "a list of dotted names",
    "portable_errors_installed": "a list of modules",
    "portable_errors_absent": "a list of modules",
    "portable_errors_survey": "a list of packages, or none",
    "portable_errors_baseline": "the name of a file",
    "portable_errors_receiver": "a list of names",
    "portable_errors_checks": "a list of names",
    "portable_errors_serializers": "a list of names",
    "portable_errors_credentials": "one of off, warn, error",
}


class TestBadValues:
    @EVERY_FORM
    def test_a_wrong_word_in_the_file_is_told_with_key_file_and_what_is_allowed(
        self, read: Read, pytester: pytest.Pytester, form: str
    ) -> None:
        for key, value, message in WRONG:
            name = write(pytester, form, **{key: value})
            with pytest.raises(pytest.UsageError) as caught:
                read()
            assert str(caught.value) == message.format(file=name)

    @NATIVE
    @pytest.mark.parametrize("value", [7, True, [7], [["a"]]], ids=repr)
    def test_a_wrong_type_in_native_toml(
        self, read: Read, pytester: pytest.Pytester, value: object
    ) -> None:
        for key, expected in OF_TYPES.items():
            if (key, value) == ("portable_errors", True):
                continue  # TOML's own word for error
            write(pytester, "native", **{key: value})
            with pytest.raises(pytest.UsageError) as caught:
                read()
            assert str(caught.value).startswith(f'{key} = "')
            assert str(caught.value).endswith(f" (pyproject.toml): expected {expected}")

    @NATIVE
    def test_one_word_where_native_toml_needs_a_list(
        self, read: Read, pytester: pytest.Pytester
    ) -> None:
        for key in (key for key, expected in OF_TYPES.items() if expected.startswith("a list")):
            write(pytester, "native", **{key: "shop.client"})
            with pytest.raises(
                pytest.UsageError,
                match=rf'{key} = "shop.client" \(pyproject.toml\): expected a list of',
            ):
                read()

    @pytest.mark.parametrize("value", [7, True], ids=repr)
    def test_a_wrong_type_in_the_older_toml_form(
        self, read: Read, pytester: pytest.Pytester, value: object
    ) -> None:
        for key in ("portable_errors", "portable_errors_capture", "portable_errors_expect"):
            if (key, value) == ("portable_errors", True):
                continue  # TOML's own word for error
            write(pytester, "toml", **{key: value})
            with pytest.raises(pytest.UsageError, match=rf"^{key}.*\(pyproject.toml\): .*expected"):
                read()

    def test_what_dash_o_sets_is_told_so(self, read: Read, pytester: pytest.Pytester) -> None:
        write(pytester, "ini", portable_errors="error")
        for setting, told in (
            ("portable_errors=loud", 'portable_errors (-o): unknown "loud"'),
            ("portable_errors_expect=a", 'portable_errors_expect = "a" (-o)'),
        ):
            with pytest.raises(pytest.UsageError) as caught:
                read("-o", setting)
            assert str(caught.value).startswith(told)

    @pytest.mark.parametrize(
        ("args", "message"),
        [
            (("--portable-errors-mode=loud",), f'--portable-errors-mode: unknown "loud": {MODES}'),
            (("--portable-errors-mode=",), f'--portable-errors-mode: unknown "": {MODES}'),
            (
                ("--portable-errors-receiver=moon",),
                f'--portable-errors-receiver: unknown "moon": {RECEIVERS}',
            ),
            (
                ("--portable-errors-survey=no_such",),
                (
                    '--portable-errors-survey: unknown "no_such": expected a package that can be '
                    "imported, e.g. httpx"
                ),
            ),
            (
                ("--portable-errors-report=found.txt",),
                (
                    '--portable-errors-report: "found.txt": expected a file that ends in .json, '
                    ".html or .sarif"
                ),
            ),
            (
                ("--portable-errors-report=moon/found.json",),
                '--portable-errors-report: "moon/found.json": there is no folder {here}/moon',
            ),
            (
                ("--portable-errors-report=shop.json",),
                (
                    '--portable-errors-report: "shop.json": this is a folder: expected the name of '
                    "a file"
                ),
            ),
            (
                ("--portable-errors-baseline=no-such.txt",),
                (
                    "--portable-errors-baseline: there is no file no-such.txt; "
                    "--portable-errors-update-baseline writes it"
                ),
            ),
            (
                (
                    "--portable-errors",
                    "--portable-errors-update-baseline",
                    "--portable-errors-baseline=moon/known.txt",
                ),
                '--portable-errors-baseline: "moon/known.txt": there is no folder {here}/moon',
            ),
            (
                (
                    "--portable-errors",
                    "--portable-errors-update-baseline",
                    "--portable-errors-baseline=shop",
                ),
                '--portable-errors-baseline: "shop": this is a folder: expected the name of a file',
            ),
            (
                ("--portable-errors-update-baseline",),
                "--portable-errors-update-baseline: nothing is checked: add --portable-errors",
            ),
        ],
    )
    def test_a_bad_value_on_the_command_line(
        self, read: Read, pytester: pytest.Pytester, args: tuple[str, ...], message: str
    ) -> None:
        pytester.mkdir("shop.json")
        with pytest.raises(pytest.UsageError) as caught:
            read(*args)
        assert str(caught.value) == message.format(here=pytester.path)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            (
                "hello\n",
                'this is no baseline that is known here: expected the line "# Known defects*',
            ),
            ("", 'this is no baseline that is known here: expected the line "# Known defects*'),
            (
                KNOWN.replace("format 1", "format 2"),
                'this is no baseline that is known here: expected the line "*format 1."',
            ),
            (
                f"{KNOWN}a.B cause message pickle\n",
                (
                    "known.txt:2: expected class, cause, what is lost, serializer and receiver, "
                    "got 'a.B *'"
                ),
            ),
            (
                f"{KNOWN}<<<<<<< HEAD\n",
                "known.txt:2: a merge conflict: keep the lines of both sides, and delete this one",
            ),
            (b"\xff\xfe", "*known.txt: 'utf-8' codec can't decode*"),
        ],
    )
    def test_a_broken_baseline_is_a_usage_error(
        self, pytester: pytest.Pytester, shop: Path, text: str | bytes, message: str
    ) -> None:
        (pytester.path / "known.txt").write_bytes(
            text if isinstance(text, bytes) else text.encode()
        )
        result = pytester.runpytest_inprocess(
            *chosen(), "--portable-errors", "--portable-errors-baseline=known.txt"
        )
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"ERROR: *{message}"])

    def test_in_workers_as_well(self, run: Any, pytester: pytest.Pytester) -> None:
        pytest.importorskip("xdist")
        write(pytester, "ini", portable_errors_expect=["a = b"])
        (pytester.path / "known.txt").write_text("hello\n")
        for args, message in (
            ((), 'ERROR: portable_errors_expect = "a = b" (pytest.ini): expected A -> B*'),
            (
                ("-o", "portable_errors_expect=", "--portable-errors-baseline=known.txt"),
                "ERROR: known.txt: this is no baseline *",
            ),
        ):
            result = run("def test_it(): pass\n", "--portable-errors", "-n", "2", *args)
            assert result.ret == pytest.ExitCode.USAGE_ERROR
            result.stderr.fnmatch_lines([message])

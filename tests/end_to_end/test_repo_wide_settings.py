"""Settings of a run that checks all tests: every form is read alike, has its effect, and says what is wrong with it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest

from pytest_portable_errors.options import CHECKS, Options, read_options

NATIVE = pytest.mark.skipif(pytest.version_tuple < (9, 0), reason="[tool.pytest] is pytest 9")
FORMS = {
    "ini": ("pytest.ini", "[pytest]\npythonpath = .\n{}", "{key} = {text}\n"),
    "toml": ("pyproject.toml", '[tool.pytest.ini_options]\npythonpath = ["."]\n{}', "{key} = {toml}\n"),
    "native": ("pyproject.toml", '[tool.pytest]\npythonpath = ["."]\n{}', "{key} = {toml}\n"),
}
EVERY_FORM = pytest.mark.parametrize("form", ["ini", "toml", pytest.param("native", marks=NATIVE)])
KNOWN = "# Known defects of exceptions, by pytest-portable-errors; format 1.\n"

Read = Callable[..., Options]


@pytest.fixture
def read(pytester: pytest.Pytester, shop: Path) -> Read:
    """Read the options of a run with these arguments, in this process."""

    def read(*args: str) -> Options:
        config = pytester.parseconfig("-p", "no:asyncio", *args)
        return read_options(config, serializers=lambda: ("pickle", "cloudpickle"), suites=lambda: ("litellm",))

    return read


def write(pytester: pytest.Pytester, form: str, **settings: object) -> str:
    """Write the settings in that form, and give the file's name. A list is written as one, and in an ini file one a line."""
    (pytester.path / "tox.ini").unlink(missing_ok=True)
    name, whole, line = FORMS[form]
    lines = []
    for key, value in settings.items():
        text = "".join(f"\n  {one}" for one in value) if isinstance(value, list) else value
        lines.append(line.format(key=key, text=text, toml=json.dumps(value)))
    pytester.path.joinpath(name).write_text(whole.format("".join(lines)))
    return name


class TestGoodValues:
    @EVERY_FORM
    def test_every_form_of_every_key_is_read_alike(self, read: Read, pytester: pytest.Pytester, form: str) -> None:
        (pytester.path / "known.txt").write_text(KNOWN)
        write(
            pytester,
            form,
            portable_errors="warn",
            portable_errors_capture=["raises", "handled"],
            portable_errors_expect=["shop.errors.StepFailed -> builtins.RuntimeError", "a.b->c.d"],
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
        assert found.expect == (("shop.errors.StepFailed", "builtins.RuntimeError"), ("a.b", "c.d"))
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
        assert (found.mode, found.is_on, found.surveys, found.runs_no_tests) == ("off", False, False, False)
        assert found.capture == ("raises", "unittest", "escaped")
        assert (found.receivers, found.receiver_is_chosen) == (("without-project",), False)
        assert (found.checks, found.checks_are_chosen) == (tuple(check for check in CHECKS if check != "traceback"), False)
        assert (found.expect, found.ignore, found.installed, found.absent, found.survey, found.reports) == ((), (), (), (), (), ())
        assert found.baseline is None

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
        write(pytester, "ini", portable_errors_baseline="known.txt", portable_errors_receiver=["stdlib"], portable_errors_survey=["json"])
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

    def test_the_usual_baseline_is_used_where_it_is(self, read: Read, pytester: pytest.Pytester) -> None:
        usual = pytester.path / "portable-errors-baseline.txt"
        assert read("--portable-errors").baseline is None
        assert read("--portable-errors", "--portable-errors-update-baseline").baseline == usual
        usual.write_text(KNOWN)
        assert read("--portable-errors").baseline == usual

    @pytest.mark.parametrize("args", [("--portable-errors", "test_a.py"), ("--portable-errors", "-k", "a"), ("--portable-errors",)])
    def test_the_project_is_surveyed_when_no_paths_are_given(self, read: Read, pytester: pytest.Pytester, args: tuple[str, ...]) -> None:
        pytester.makepyfile(test_a="")
        assert read(*args).surveys_project == ("test_a.py" not in args)

    def test_a_survey_alone_runs_no_tests(self, read: Read, pytester: pytest.Pytester) -> None:
        pytester.makepyfile(test_a="")
        assert read("--portable-errors-survey=shop").runs_no_tests
        assert not read("--portable-errors-survey=shop", "test_a.py").runs_no_tests
        assert not read("--portable-errors-survey=shop", "--portable-errors").runs_no_tests


MODES = "expected one of off, warn, error"
CAPTURES = "expected one of raises, unittest, escaped, handled"
EXPECT = "A -> B, dotted names of two classes, e.g. app.StepFailed -> builtins.RuntimeError"
RECEIVERS = "expected one of without-project, stdlib, with-project, or the path of a Python interpreter"
WRONG = [
    ("portable_errors", "loud", f'portable_errors ({{file}}): unknown "loud": {MODES}'),
    ("portable_errors_capture", ["raises", "typo"], f'portable_errors_capture ({{file}}): unknown "typo": {CAPTURES}'),
    ("portable_errors_expect", ["app.A = app.B"], f'portable_errors_expect = "app.A = app.B" ({{file}}): expected {EXPECT}'),
    ("portable_errors_expect", ["app.A ->"], f'portable_errors_expect = "app.A ->" ({{file}}): expected {EXPECT}'),
    ("portable_errors_expect", ["-> app.A"], f'portable_errors_expect = "-> app.A" ({{file}}): expected {EXPECT}'),
    ("portable_errors_expect", ["a.A -> b.B -> c.C"], f'portable_errors_expect = "a.A -> b.B -> c.C" ({{file}}): expected {EXPECT}'),
    (
        "portable_errors_installed",
        ["shop/client.py"],
        'portable_errors_installed = "shop/client.py" ({file}): expected the dotted name of a module, e.g. shop.client',
    ),
    (
        "portable_errors_absent",
        ["shop."],
        'portable_errors_absent = "shop." ({file}): expected the dotted name of a module, e.g. shop.client',
    ),
    (
        "portable_errors_survey",
        ["no_such"],
        'portable_errors_survey ({file}): unknown "no_such": expected a package that can be imported, e.g. httpx',
    ),
    (
        "portable_errors_survey",
        ["shop/errors.py"],
        'portable_errors_survey ({file}): unknown "shop/errors.py": expected a package that can be imported, e.g. httpx',
    ),
    (
        "portable_errors_baseline",
        "no-such.txt",
        "portable_errors_baseline ({file}): there is no file no-such.txt; --portable-errors-update-baseline writes it",
    ),
    ("portable_errors_receiver", ["moon"], f'portable_errors_receiver ({{file}}): unknown "moon": {RECEIVERS}'),
    ("portable_errors_checks", ["typo"], f'portable_errors_checks ({{file}}): unknown "typo": expected one of {", ".join(CHECKS)}'),
    (
        "portable_errors_serializers",
        ["json"],
        'portable_errors_serializers ({file}): unknown "json": expected one of pickle, cloudpickle',
    ),
    ("portable_errors_credentials", "loud", f'portable_errors_credentials ({{file}}): unknown "loud": {MODES}'),
]
OF_TYPES = {
    "portable_errors": "one of off, warn, error",
    "portable_errors_capture": "a list of names",
    "portable_errors_expect": f"a list of {EXPECT}",
    "portable_errors_ignore": "a list of dotted names",
    "portable_errors_installed": "a list of modules",
    "portable_errors_absent": "a list of modules",
    "portable_errors_survey": "a list of packages",
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
    def test_a_wrong_type_in_native_toml(self, read: Read, pytester: pytest.Pytester, value: object) -> None:
        for key, expected in OF_TYPES.items():
            write(pytester, "native", **{key: value})
            with pytest.raises(pytest.UsageError) as caught:
                read()
            assert str(caught.value).startswith(f'{key} = "')
            assert str(caught.value).endswith(f" (pyproject.toml): expected {expected}")

    @NATIVE
    def test_one_word_where_native_toml_needs_a_list(self, read: Read, pytester: pytest.Pytester) -> None:
        for key in (key for key, expected in OF_TYPES.items() if expected.startswith("a list")):
            write(pytester, "native", **{key: "shop.client"})
            with pytest.raises(pytest.UsageError, match=rf'{key} = "shop.client" \(pyproject.toml\): expected a list of'):
                read()

    @pytest.mark.parametrize("value", [7, True], ids=repr)
    def test_a_wrong_type_in_the_older_toml_form(self, read: Read, pytester: pytest.Pytester, value: object) -> None:
        for key in ("portable_errors", "portable_errors_capture", "portable_errors_expect"):
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
            (("--portable-errors-receiver=moon",), f'--portable-errors-receiver: unknown "moon": {RECEIVERS}'),
            (
                ("--portable-errors-survey=no_such",),
                '--portable-errors-survey: unknown "no_such": expected a package that can be imported, e.g. httpx',
            ),
            (("--portable-errors-report=found.txt",), '--portable-errors-report: "found.txt": expected a file that ends in .json or .html'),
            (("--portable-errors-report=moon/found.json",), '--portable-errors-report: "moon/found.json": there is no folder {here}/moon'),
            (
                ("--portable-errors-report=shop.json",),
                '--portable-errors-report: "shop.json": this is a folder: expected the name of a file',
            ),
            (
                ("--portable-errors-baseline=no-such.txt",),
                "--portable-errors-baseline: there is no file no-such.txt; --portable-errors-update-baseline writes it",
            ),
            (
                ("--portable-errors", "--portable-errors-update-baseline", "--portable-errors-baseline=moon/known.txt"),
                '--portable-errors-baseline: "moon/known.txt": there is no folder {here}/moon',
            ),
            (
                ("--portable-errors", "--portable-errors-update-baseline", "--portable-errors-baseline=shop"),
                '--portable-errors-baseline: "shop": this is a folder: expected the name of a file',
            ),
            (("--portable-errors-update-baseline",), "--portable-errors-update-baseline: nothing is checked: add --portable-errors"),
        ],
    )
    def test_a_bad_value_on_the_command_line(self, read: Read, pytester: pytest.Pytester, args: tuple[str, ...], message: str) -> None:
        pytester.mkdir("shop.json")
        with pytest.raises(pytest.UsageError) as caught:
            read(*args)
        assert str(caught.value) == message.format(here=pytester.path)

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("hello\n", 'this is no baseline that is known here: expected the line "# Known defects*'),
            ("", 'this is no baseline that is known here: expected the line "# Known defects*'),
            (KNOWN.replace("format 1", "format 2"), 'this is no baseline that is known here: expected the line "*format 1."'),
            (
                f"{KNOWN}a.B cause message pickle\n",
                "known.txt:2: expected class, cause, what is lost, serializer and receiver, got 'a.B *'",
            ),
            (f"{KNOWN}<<<<<<< HEAD\n", "known.txt:2: a merge conflict: keep the lines of both sides, and delete this one"),
            (b"\xff\xfe", "*known.txt: 'utf-8' codec can't decode*"),
        ],
    )
    def test_a_broken_baseline_is_a_usage_error(self, pytester: pytest.Pytester, shop: Path, text: str | bytes, message: str) -> None:
        (pytester.path / "known.txt").write_bytes(text if isinstance(text, bytes) else text.encode())
        result = pytester.runpytest_inprocess("-p", "no:asyncio", "--portable-errors", "--portable-errors-baseline=known.txt")
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"ERROR: *{message}"])

    def test_in_workers_as_well(self, run: Any, pytester: pytest.Pytester) -> None:
        pytest.importorskip("xdist")
        write(pytester, "ini", portable_errors_expect=["a = b"])
        (pytester.path / "known.txt").write_text("hello\n")
        for args, message in (
            ((), 'ERROR: portable_errors_expect = "a = b" (pytest.ini): expected A -> B*'),
            (("-o", "portable_errors_expect=", "--portable-errors-baseline=known.txt"), "ERROR: known.txt: this is no baseline *"),
        ):
            result = run("def test_it(): pass\n", "--portable-errors", "-n", "2", *args)
            assert result.ret == pytest.ExitCode.USAGE_ERROR
            result.stderr.fnmatch_lines([message])


MORE = """
class Step(Exception):
    arrives = RuntimeError

    def __init__(self, step):
        super().__init__(f"{step} failed")
        self.step = step

    def __reduce__(self):
        return self.arrives, (str(self),), {"__notes__": self.__notes__} if hasattr(self, "__notes__") else None

class Retried(Step): pass

class Late(Step):
    arrives = TimeoutError

class Stays(Step):
    def __reduce__(self): return Stays, (self.step,)
"""
RAISING = """
from shop.more import *

@pytest.mark.parametrize("kind", [Step, Retried, Late, Stays])
def test_it(kind):
    with pytest.raises(kind): raise kind("fetch")
"""


def found(pytester: pytest.Pytester) -> dict[str, str]:
    """What became of each class, without the package's name."""
    document = json.loads((pytester.path / "found.json").read_text())
    return {cls.rpartition(".")[2]: state for cls, state in document["classes"].items()}


REPORTED = ("--portable-errors-report=found.json", "--portable-errors-receiver=with-project")


class TestExpect:
    DECLARED = ("shop.more.Step -> builtins.RuntimeError", "shop.more.Late -> builtins.TimeoutError")
    AS_DECLARED: ClassVar = {"Step": "whole", "Retried": "whole", "Late": "whole", "Stays": "lossy"}

    def test_undeclared_they_are_losses(self, run: Any, pytester: pytest.Pytester) -> None:
        """Without the setting every one fails but the one that stays what it is."""
        (pytester.path / "shop" / "more.py").write_text(MORE)
        run(RAISING, "--portable-errors", *REPORTED, "test_shop.py").assert_outcomes(failed=3, passed=1)
        assert found(pytester) == {"Step": "lossy", "Retried": "lossy", "Late": "lossy", "Stays": "whole"}

    def test_it_covers_subclasses_and_the_closest_wins_for_raised_and_surveyed_classes(self, run: Any, pytester: pytest.Pytester) -> None:
        (pytester.path / "shop" / "more.py").write_text(MORE)
        write(pytester, "ini", portable_errors_expect=list(self.DECLARED), portable_errors_ignore=["shop.errors.*"])
        result = run(RAISING, "--portable-errors", *REPORTED)
        result.assert_outcomes(failed=2, passed=6)  # Stays, raised and built
        assert found(pytester) == self.AS_DECLARED
        result.stdout.fnmatch_lines(["FAILED test_shop.py::test_it[[]Stays[]]*", "FAILED portable-errors::shop.more.Stays*"])

    @pytest.mark.parametrize("keys", ["Step: RuntimeError, Late: 'builtins.TimeoutError'", "'shop.more.Step': RuntimeError"])
    def test_the_hook_says_the_same_by_class_or_by_name(self, run: Any, pytester: pytest.Pytester, keys: str) -> None:
        (pytester.path / "shop" / "more.py").write_text(MORE)
        pytester.makeconftest(f"from shop.more import *\ndef pytest_portable_errors_expect():\n    return {{{keys}}}\n")
        run(RAISING, "--portable-errors", *REPORTED, "test_shop.py")
        assert found(pytester) == {**self.AS_DECLARED, "Late": "whole" if "Late" in keys else "lossy"}

    def test_a_setting_goes_before_the_hook(self, run: Any, pytester: pytest.Pytester) -> None:
        (pytester.path / "shop" / "more.py").write_text(MORE)
        pytester.makeconftest("def pytest_portable_errors_expect():\n    return {'shop.more.Step': 'builtins.KeyError'}\n")
        write(pytester, "ini", portable_errors_expect=list(self.DECLARED))
        run(RAISING, "--portable-errors", *REPORTED, "test_shop.py")
        assert found(pytester) == self.AS_DECLARED

    def test_markers_and_the_fixture_follow_it_unless_they_say_otherwise(self, run: Any, pytester: pytest.Pytester) -> None:
        (pytester.path / "shop" / "more.py").write_text(MORE)
        write(pytester, "ini", portable_errors_expect=list(self.DECLARED))
        result = run(
            """
from shop.more import *

@pytest.mark.portable_exception(raises=Step)
@pytest.mark.parametrize("kind", [Step, Late])
def test_marker(kind): raise kind("fetch")

@pytest.mark.portable_exception(raises=Step, arrives_as=TimeoutError)
@pytest.mark.parametrize("kind", [Step, Late])
def test_marker_of_its_own(kind): raise kind("fetch")

def test_fixture(assert_roundtrip): assert_roundtrip(Retried("fetch"))

def test_fixture_of_its_own(assert_roundtrip): assert_roundtrip(Retried("fetch"), arrives_as="builtins.KeyError")

def test_arrives_as_itself(assert_roundtrip): assert_roundtrip(Stays("fetch"), receiver="with-project")
"""
        )
        result.assert_outcomes(passed=4, failed=3)
        failed = {line.split()[1].rpartition("::")[2] for line in result.outlines if line.startswith("FAILED")}
        assert failed == {"test_marker_of_its_own[Step]", "test_fixture_of_its_own", "test_arrives_as_itself"}


class TestIgnore:
    SOURCE = """
class Local(Exception):
    def __init__(self, a, b): super().__init__(a)

@pytest.mark.parametrize("kind", [NotFound, Whole])
def test_it(kind):
    with pytest.raises(kind): raise kind("bob")
"""

    def test_names_and_globs_are_counted_as_ignored_and_not_checked(self, run: Any, pytester: pytest.Pytester) -> None:
        write(pytester, "ini", portable_errors_ignore=["shop.errors.NotFound", "*.P?ymentError", "shop.*Failed"])
        result = run(self.SOURCE, "--portable-errors", *REPORTED)
        result.assert_outcomes(passed=3)
        assert found(pytester) == {"Whole": "whole"}
        result.stdout.fnmatch_lines(["*checked 1 class, 3 exceptions: 1 whole; 3 ignored"])

    def test_subclasses_are_not_covered_and_case_matters(self, run: Any, pytester: pytest.Pytester) -> None:
        write(pytester, "ini", portable_errors_ignore=["builtins.Exception", "shop.errors.notfound", "NotFound"])
        result = run(self.SOURCE, "--portable-errors", *REPORTED, "test_shop.py")
        assert found(pytester) == {"NotFound": "lossy", "Whole": "whole"}
        result.stdout.no_fnmatch_line("*ignored*")

    def test_a_marked_test_and_the_fixture_check_it_all_the_same(self, run: Any, pytester: pytest.Pytester) -> None:
        write(pytester, "ini", portable_errors_ignore=["shop.*"])
        source = """
@pytest.mark.portable_exception(raises=NotFound)
def test_marker(): raise NotFound("bob")

def test_fixture(assert_roundtrip): assert_roundtrip(NotFound("bob"))
"""
        run(source, "--portable-errors", *REPORTED).assert_outcomes(failed=2)


CLIENT = "class Refused(Exception): pass\n"
IMPORTS = """
class Imports(Exception):
    def __reduce__(self):
        return eval, (f"ValueError(__import__('importlib').import_module({self.args[0]!r}).__name__)",)

def outcome(name, receiver):
    from pytest_portable_errors import check_round_trip
    trip = check_round_trip(Imports(name), receiver=receiver, arrives_as=ValueError)
    return trip.error["type"] if trip.error else trip.received["exceptions"][0]["message"]["text"]

NAMES = ["shop", "shop.client", "shop.client.deep", "shop.errors", "shop.client_of_another", "helpers_of_tests", "cloudpickle", "pluggy", "dill"]

def test_it(assert_roundtrip):
    import json, pathlib
    there = {receiver: [name for name in NAMES if outcome(name, receiver) == name] for receiver in ("without-project", "with-project")}
    pathlib.Path("there.json").write_text(json.dumps(there))
"""


class TestInstalledAndAbsent:
    @pytest.fixture
    def there(self, run: Any, pytester: pytest.Pytester) -> Callable[..., dict[str, list[str]]]:
        """The modules that can be imported in each receiver."""
        files = {
            "shop/client/__init__.py": CLIENT,
            "shop/client/deep.py": CLIENT,
            "shop/client_of_another.py": CLIENT,
            "helpers_of_tests.py": CLIENT,
        }
        for name, text in files.items():
            (pytester.path / name).parent.mkdir(exist_ok=True)
            (pytester.path / name).write_text(text)

        def there(**settings: list[str]) -> dict[str, list[str]]:
            write(pytester, "ini", **{f"portable_errors_{key}": value for key, value in settings.items()})
            loading = "import shop.client.deep, shop.client_of_another, helpers_of_tests\n"
            run(loading + IMPORTS).assert_outcomes(passed=1)
            found: dict[str, list[str]] = json.loads((pytester.path / "there.json").read_text())
            return found

        return there

    THIRD: ClassVar = ["cloudpickle", "pluggy", "dill"]
    OURS: ClassVar = ["shop", "shop.client", "shop.client.deep", "shop.errors", "shop.client_of_another", "helpers_of_tests"]

    def test_without_them_the_project_is_absent_and_third_parties_are_there(self, there: Any) -> None:
        assert there() == {"without-project": self.THIRD, "with-project": self.OURS + self.THIRD}

    def test_a_part_of_the_project_is_there_with_all_below_it_and_its_siblings_stay_absent(self, there: Any) -> None:
        found = there(installed=["shop.client"])
        assert found == {
            "without-project": ["shop", "shop.client", "shop.client.deep", *self.THIRD],
            "with-project": self.OURS + self.THIRD,
        }

    def test_one_module_and_a_whole_package(self, there: Any) -> None:
        assert there(installed=["helpers_of_tests"])["without-project"] == ["helpers_of_tests", *self.THIRD]
        assert there(installed=["shop"])["without-project"] == self.OURS[:-1] + self.THIRD

    def test_third_parties_that_the_receiver_lacks(self, there: Any) -> None:
        found = there(absent=["pluggy", "dill"])
        assert found == {"without-project": ["cloudpickle"], "with-project": [*self.OURS, "cloudpickle"]}

    def test_a_module_of_the_project_that_even_with_project_lacks_but_for_a_part_of_it(self, there: Any) -> None:
        found = there(absent=["shop"], installed=["shop.client"])
        assert found["with-project"] == ["shop", "shop.client", "shop.client.deep", "helpers_of_tests", *self.THIRD]
        assert there(absent=["shop.client"])["with-project"] == [
            "shop",
            "shop.errors",
            "shop.client_of_another",
            "helpers_of_tests",
            *self.THIRD,
        ]

    def test_what_a_serializer_needs_is_there_nevertheless(self, there: Any, run: Any, pytester: pytest.Pytester) -> None:
        write(pytester, "ini", portable_errors_absent=["cloudpickle"])
        run("def test_it(assert_roundtrip): assert_roundtrip(ValueError('a'), serializers=['cloudpickle'])\n").assert_outcomes(passed=1)

    def test_an_error_of_an_installed_part_arrives_and_one_of_an_absent_library_does_not(self, run: Any, pytester: pytest.Pytester) -> None:
        (pytester.path / "shop" / "client.py").write_text(CLIENT)
        source = """
import pluggy, shop.client
def test_part(assert_roundtrip): assert_roundtrip(shop.client.Refused("a"))
def test_sibling(assert_roundtrip): assert_roundtrip(Whole("a"))
def test_library(assert_roundtrip): assert_roundtrip(pluggy.PluginValidationError(None, "a"), checks=["type"])
"""
        write(pytester, "ini", portable_errors_absent=["pluggy"], portable_errors_installed=["shop.client"])
        result = run(source)
        result.assert_outcomes(passed=1, failed=2)
        result.stdout.fnmatch_lines(
            ["*received  nothing. ModuleNotFoundError: No module named 'shop.errors'", "*ModuleNotFoundError: No module named 'pluggy'*"]
        )

    def test_siblings_stay_absent_also_where_the_project_lies_beside_the_root(self, run: Any, pytester: pytest.Pytester) -> None:
        elsewhere = pytester.path.parent / f"{pytester.path.name}-elsewhere"
        for name in ("common/__init__.py", "common/client.py", "common/errors.py"):
            (elsewhere / name).parent.mkdir(parents=True, exist_ok=True)
            (elsewhere / name).write_text(CLIENT)
        source = """
import common.client, common.errors
def test_part(assert_roundtrip): assert_roundtrip(common.client.Refused("a"))
def test_package(assert_roundtrip): assert_roundtrip(common.Refused("a"))
def test_sibling(assert_roundtrip): assert_roundtrip(common.errors.Refused("a"))
"""
        pytester.makeini(f"[pytest]\npythonpath = . {elsewhere}\nportable_errors_installed = common.client\n")
        result = run(source)
        result.assert_outcomes(passed=2, failed=1)
        result.stdout.fnmatch_lines(["*received  nothing. ModuleNotFoundError: No module named 'common.errors'"])

    def test_a_part_that_is_nowhere_is_told(self, run: Any, pytester: pytest.Pytester) -> None:
        write(pytester, "ini", portable_errors_installed=["shop.nowhere"])
        result = run("def test_it(assert_roundtrip): assert_roundtrip(ValueError('a'))\n")
        assert result.ret != pytest.ExitCode.OK
        assert "portable_errors_installed: 'shop.nowhere' cannot be imported here" in result.stdout.str()


KINDS = """
from dataclasses import dataclass

class ByName(Exception):
    def __init__(self, name): self.name = name

class Dropping(Exception):
    def __init__(self, order):
        super().__init__(f"order {order}")
        self.order = order

    def __reduce__(self): return Dropping, (self.order,)

@dataclass(slots=True)
class Slotted(Exception):
    code: int = 7

class Never(Exception):
    def __init__(self, thing): raise LookupError("never")

class Outer:
    class Inner(Exception): pass

def local():
    class Local(Exception): pass
    return Local

kept = local()
elsewhere = type("NotUnderItsName", (Exception,), {"__module__": __name__})
Alias = ByName
"""
SURVEYED = """
import shop.kinds

class OfTheTest(Exception): pass

def test_it(): pass
"""
ITEMS = [
    "portable-errors::shop.errors.NotFound",
    "portable-errors::shop.errors.PaymentError",
    "portable-errors::shop.errors.StepFailed",
    "portable-errors::shop.errors.Whole",
    "portable-errors::shop.kinds.ByName",
    "portable-errors::shop.kinds.Dropping",
    "portable-errors::shop.kinds.Never",
    "portable-errors::shop.kinds.Outer.Inner",
    "portable-errors::shop.kinds.Slotted",
]


class TestSurvey:
    def test_items_are_the_classes_under_their_names_sorted_and_nothing_is_imported_for_it(
        self, run: Any, pytester: pytest.Pytester
    ) -> None:
        for name, text in {"kinds": KINDS, "never_imported": "raise SystemExit\n"}.items():
            (pytester.path / "shop" / f"{name}.py").write_text(text)
        result = run(SURVEYED, "--portable-errors", "--collect-only", "-q")
        assert [line for line in result.outlines if line.startswith("portable-errors")] == ITEMS
        assert result.ret == pytest.ExitCode.OK

    def test_each_is_built_in_three_ways_and_with_additions(self, run: Any, pytester: pytest.Pytester) -> None:
        (pytester.path / "shop" / "kinds.py").write_text(KINDS)
        write(pytester, "ini", portable_errors_ignore=["shop.errors.*"])
        result = run(SURVEYED, "--portable-errors", *REPORTED, "-rs")
        result.assert_outcomes(passed=2, failed=3, skipped=1)
        document = json.loads((pytester.path / "found.json").read_text())
        defects = {one["cls"].removeprefix("shop.kinds."): one for one in document["defects"]}
        assert set(defects) == {"ByName", "Dropping", "Slotted"}
        assert defects["ByName"]["ways"] == ["by keyword"]
        assert all("with a note and an attribute added later" in way for way in defects["Dropping"]["ways"])
        assert defects["Dropping"]["kinds"] == ["attributes", "notes"]
        assert document["classes"]["shop.kinds.Outer.Inner"] == "whole"
        assert list(document["not_checked"]) == ["shop.kinds.Never"]
        result.stdout.fnmatch_lines(
            [
                "*shop.kinds.ByName *only when built by keyword",
                "not checked: shop.kinds.Never: Never could not be built: LookupError: never",
                "SKIPPED *Never could not be built: LookupError: never",
            ]
        )

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("1 / 0\n", "ZeroDivisionError: division by zero"),
            ("raise SystemExit('no')\n", "SystemExit: no"),
            ("import no_such_module\n", "ModuleNotFoundError: No module named 'no_such_module'"),
        ],
    )
    def test_a_package_that_cannot_be_imported_is_a_collection_error(
        self, run: Any, pytester: pytest.Pytester, text: str, message: str
    ) -> None:
        (pytester.path / "broken.py").write_text(text)
        result = run("def test_it(): pass\n", "--portable-errors-survey=broken")
        assert result.ret == pytest.ExitCode.INTERRUPTED
        result.stdout.fnmatch_lines(["*ERROR collecting portable-errors*", f"survey of broken: importing it raised {message}"])

    def test_a_package_is_imported_and_its_classes_alone_are_checked(self, run: Any, pytester: pytest.Pytester) -> None:
        (pytester.path / "shop" / "__init__.py").write_text("import shop.kinds\n")
        (pytester.path / "shop" / "kinds.py").write_text("class Fine(Exception): pass\n")
        result = run("def test_it(): assert 0\n", "--portable-errors-survey=shop.kinds", "--portable-errors-survey=graphlib", *REPORTED)
        assert found(pytester) == {"Fine": "whole", "CycleError": "whole"}
        result.assert_outcomes(passed=2)

    def test_it_is_the_same_from_the_file(self, run: Any, pytester: pytest.Pytester) -> None:
        write(pytester, "ini", portable_errors_survey=["graphlib"])
        run("def test_it(): pass\n", *REPORTED).assert_outcomes(passed=2)
        assert found(pytester) == {"CycleError": "whole"}


class TestHooks:
    INSTANCES = """
from shop.errors import *

def pytest_portable_errors_instances():
    return {PaymentError: lambda cls: cls(7, "declined"), "shop.errors.NotFound": lambda cls: 7, Whole: lambda cls: Whole("a")}
"""
    MORE = "\n\nclass Expired(PaymentError): pass\n\nclass Fine(Whole): pass\n"

    def test_factories_serve_subclasses_and_what_they_give_wrongly_is_not_checked(self, run: Any, pytester: pytest.Pytester) -> None:
        errors = pytester.path / "shop" / "errors.py"
        errors.write_text(errors.read_text() + self.MORE)
        pytester.makeconftest(self.INSTANCES)
        result = run("def test_it(): pass\n", "--portable-errors", *REPORTED, "-rs", "-k", "not StepFailed")
        result.assert_outcomes(passed=2, failed=2, skipped=2, deselected=1)
        document = json.loads((pytester.path / "found.json").read_text())
        assert document["not_checked"] == {
            "shop.errors.Fine": "pytest_portable_errors_instances gave Whole for Fine",
            "shop.errors.NotFound": "pytest_portable_errors_instances, for NotFound: TypeError: it gave int: expected an instance of NotFound, or several",
        }
        ways = [way for defect in document["defects"] if defect["cls"] == "shop.errors.Expired" for way in defect["ways"]]
        assert "by pytest_portable_errors_instances" in ways
        assert "declined" in result.stdout.str()

    @pytest.mark.parametrize(
        ("hook", "message"),
        [
            ("expect(): return 7", "pytest_portable_errors_expect must return a mapping such as {StepFailed: RuntimeError}, got 7"),
            ("expect(): return {'a.B': 7}", "pytest_portable_errors_expect: 7: expected an exception class, or its dotted name *"),
            ("instances(): return [1]", "pytest_portable_errors_instances must return a mapping such as *, got [[]1]"),
            ("instances(): return {'a.B': 7}", "pytest_portable_errors_instances: 7 for a.B: expected a function, as in *"),
        ],
    )
    def test_what_a_hook_gives_wrongly_is_a_usage_error(self, run: Any, pytester: pytest.Pytester, hook: str, message: str) -> None:
        pytester.makeconftest(f"def pytest_portable_errors_{hook}\n")
        result = run("def test_it(): pass\n", "--portable-errors")
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"ERROR: {message}"])

"""What a project declares about its classes: expected types, ignored classes, instances; by
settings and by hooks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import pytest
from settings_files import REPORTED, found, write

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


class TestExpect:
    DECLARED = (
        "shop.more.Step -> builtins.RuntimeError",
        "shop.more.Late -> builtins.TimeoutError",
    )
    AS_DECLARED: ClassVar = {"Step": "whole", "Retried": "whole", "Late": "whole", "Stays": "lossy"}

    def test_undeclared_they_are_losses(self, run: Any, pytester: pytest.Pytester) -> None:
        """Without the setting every one fails but the one that stays what it is."""
        (pytester.path / "shop" / "more.py").write_text(MORE)
        run(RAISING, "--portable-errors", *REPORTED, "test_shop.py").assert_outcomes(
            failed=3, passed=1
        )
        assert found(pytester) == {
            "Step": "lossy",
            "Retried": "lossy",
            "Late": "lossy",
            "Stays": "whole",
        }

    def test_it_covers_subclasses_and_the_closest_wins_for_raised_and_surveyed_classes(
        self, run: Any, pytester: pytest.Pytester
    ) -> None:
        (pytester.path / "shop" / "more.py").write_text(MORE)
        write(
            pytester,
            "ini",
            portable_errors_expect=list(self.DECLARED),
            portable_errors_ignore=["shop.errors.*"],
        )
        result = run(RAISING, "--portable-errors", *REPORTED, "-ra")
        result.assert_outcomes(failed=2, passed=6)  # Stays, raised and built
        assert found(pytester) == self.AS_DECLARED
        result.stdout.fnmatch_lines(
            ["FAILED test_shop.py::test_it[[]Stays[]]*", "FAILED portable-errors::shop.more.Stays*"]
        )

    @pytest.mark.parametrize(
        "keys",
        ["Step: RuntimeError, Late: 'builtins.TimeoutError'", "'shop.more.Step': RuntimeError"],
    )
    def test_the_hook_says_the_same_by_class_or_by_name(
        self, run: Any, pytester: pytest.Pytester, keys: str
    ) -> None:
        (pytester.path / "shop" / "more.py").write_text(MORE)
        pytester.makeconftest(
            "from shop.more import *\n"
            f"def pytest_portable_errors_expect():\n    return {{{keys}}}\n"
        )
        run(RAISING, "--portable-errors", *REPORTED, "test_shop.py")
        assert found(pytester) == {
            **self.AS_DECLARED,
            "Late": "whole" if "Late" in keys else "lossy",
        }

    def test_a_setting_goes_before_the_hook(self, run: Any, pytester: pytest.Pytester) -> None:
        (pytester.path / "shop" / "more.py").write_text(MORE)
        pytester.makeconftest(
            "def pytest_portable_errors_expect():\n    return {'shop.more.Step': "
            "'builtins.KeyError'}\n"
        )
        write(pytester, "ini", portable_errors_expect=list(self.DECLARED))
        run(RAISING, "--portable-errors", *REPORTED, "test_shop.py")
        assert found(pytester) == self.AS_DECLARED

    def test_markers_and_the_fixture_follow_it_unless_they_say_otherwise(
        self, run: Any, pytester: pytest.Pytester
    ) -> None:
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
        failed = {
            line.split()[1].rpartition("::")[2]
            for line in result.outlines
            if line.startswith("FAILED")
        }
        assert failed == {
            "test_marker_of_its_own[Step]",
            "test_fixture_of_its_own",
            "test_arrives_as_itself",
        }


class TestIgnore:
    SOURCE = """
class Local(Exception):
    def __init__(self, a, b): super().__init__(a)

@pytest.mark.parametrize("kind", [NotFound, Whole])
def test_it(kind):
    with pytest.raises(kind): raise kind("bob")
"""

    def test_names_and_globs_are_counted_as_ignored_and_not_checked(
        self, run: Any, pytester: pytest.Pytester
    ) -> None:
        write(
            pytester,
            "ini",
            portable_errors_ignore=["shop.errors.NotFound", "*.P?ymentError", "shop.*Failed"],
        )
        result = run(self.SOURCE, "--portable-errors", *REPORTED)
        result.assert_outcomes(passed=3)
        assert found(pytester) == {"Whole": "whole"}
        result.stdout.fnmatch_lines(["*checked 1 class, 3 exceptions: 1 whole; 3 ignored"])

    def test_subclasses_are_not_covered_and_case_matters(
        self, run: Any, pytester: pytest.Pytester
    ) -> None:
        write(
            pytester,
            "ini",
            portable_errors_ignore=["builtins.Exception", "shop.errors.notfound", "NotFound"],
        )
        result = run(self.SOURCE, "--portable-errors", *REPORTED, "test_shop.py")
        assert found(pytester) == {"NotFound": "lossy", "Whole": "whole"}
        result.stdout.no_fnmatch_line("*ignored*")

    def test_a_marked_test_and_the_fixture_check_it_all_the_same(
        self, run: Any, pytester: pytest.Pytester
    ) -> None:
        write(pytester, "ini", portable_errors_ignore=["shop.*"])
        source = """
@pytest.mark.portable_exception(raises=NotFound)
def test_marker(): raise NotFound("bob")

def test_fixture(assert_roundtrip): assert_roundtrip(NotFound("bob"))
"""
        run(source, "--portable-errors", *REPORTED).assert_outcomes(failed=2)


class TestHooks:
    INSTANCES = """
from shop.errors import *

def pytest_portable_errors_instances():
    return {PaymentError: lambda cls: cls(7, "declined"), "shop.errors.NotFound": lambda cls: 7, Whole: lambda cls: Whole("a")}
"""
    MORE = "\n\nclass Expired(PaymentError): pass\n\nclass Fine(Whole): pass\n"

    def test_factories_serve_subclasses_and_what_they_give_wrongly_is_not_checked(
        self, run: Any, pytester: pytest.Pytester
    ) -> None:
        errors = pytester.path / "shop" / "errors.py"
        errors.write_text(errors.read_text() + self.MORE)
        pytester.makeconftest(self.INSTANCES)
        result = run(
            "def test_it(): pass\n", "--portable-errors", *REPORTED, "-rs", "-k", "not StepFailed"
        )
        result.assert_outcomes(passed=2, failed=2, skipped=2, deselected=1)
        document = json.loads((pytester.path / "found.json").read_text())
        assert document["not_checked"] == {
            "shop.errors.Fine": "pytest_portable_errors_instances gave Whole for Fine",
            "shop.errors.NotFound": (
                "pytest_portable_errors_instances, for NotFound: TypeError: it gave "
                "int: expected an instance of NotFound, or several"
            ),
        }
        ways = [
            way
            for defect in document["defects"]
            if defect["cls"] == "shop.errors.Expired"
            for way in defect["ways"]
        ]
        assert "by pytest_portable_errors_instances" in ways
        assert "declined" in result.stdout.str()

    @pytest.mark.parametrize(
        ("hook", "message"),
        [
            (
                "expect(): return 7",
                (
                    "pytest_portable_errors_expect must return a mapping such as {StepFailed: "
                    "RuntimeError}, got 7"
                ),
            ),
            (
                "expect(): return {'a.B': 7}",
                (
                    "pytest_portable_errors_expect: 7: expected an exception class, or its dotted "
                    "name *"
                ),
            ),
            (
                "instances(): return [1]",
                "pytest_portable_errors_instances must return a mapping such as *, got [[]1]",
            ),
            (
                "instances(): return {'a.B': 7}",
                "pytest_portable_errors_instances: 7 for a.B: expected a function, as in *",
            ),
        ],
    )
    def test_what_a_hook_gives_wrongly_is_a_usage_error(
        self, run: Any, pytester: pytest.Pytester, hook: str, message: str
    ) -> None:
        pytester.makeconftest(f"def pytest_portable_errors_{hook}\n")
        result = run("def test_it(): pass\n", "--portable-errors")
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.stderr.fnmatch_lines([f"ERROR: {message}"])


NESTED = """
import pickle
from shop.errors import PaymentError, StepFailed

class Wire:
    name, loader, needs = "wire", "pickle:loads", ()

    def dumps(self, exc):
        return pickle.dumps(exc)

def pytest_portable_errors_serializers():
    return [Wire()]

def pytest_portable_errors_expect():
    return {StepFailed: RuntimeError}

def pytest_portable_errors_instances():
    return {PaymentError: lambda cls: 1 / 0}
"""


def test_a_conftest_further_down_declares_as_one_at_the_top_does(
    run_pytest: Any, shop: Path, pytester: pytest.Pytester
) -> None:
    below = pytester.mkdir("services")
    (below / "billing").mkdir()
    (below / "billing" / "conftest.py").write_text(NESTED)
    (below / "billing" / "test_billing.py").write_text(
        "import pytest\nfrom shop.errors import StepFailed\n"
        '@pytest.mark.portable_exception(serializers=("wire",), receiver="with-project")\n'
        "def test_wire():\n    with pytest.raises(ValueError): int('x')\n"
        "def test_step():\n    with pytest.raises(StepFailed): raise StepFailed('pay', 3)\n"
    )
    (pytester.path / "test_shop.py").write_text("")
    result = run_pytest("--portable-errors", "--portable-errors-receiver=with-project")
    assert "unknown serializer" not in result.stdout.str()
    assert not any(
        "test_billing.py" in line for line in result.outlines if line.startswith("FAILED")
    )
    result.stdout.fnmatch_lines(["not checked: shop.errors.PaymentError: *ZeroDivisionError*"])


class TestNamesOfNothing:
    """What a whole run met nowhere may be misspelt, and is said once."""

    SETTINGS: ClassVar = {
        # One covers a class that is only found, one a subclass of what it names, and one none.
        "portable_errors_expect": [
            "shop.errors.StepFailed -> builtins.RuntimeError",
            "builtins.LookupError without detail",
            "shop.errors.StepFailled -> builtins.RuntimeError",
        ],
        "portable_errors_ignore": [
            "shop.errors.NotFound",
            "shop.erors.*",
            "shop.*.Gone",
            "*.PaymentError",
        ],
    }
    TOLD: ClassVar = [
        (
            "portable_errors_ignore (pytest.ini) names no class that was met: shop.erors.*, "
            "shop.*.Gone"
        ),
        "portable_errors_expect (pytest.ini) names no class that was met: shop.errors.StepFailled",
    ]
    SOURCE = """
def test_it():
    with pytest.raises(KeyError): raise KeyError("bob")

def test_another():
    with pytest.raises(NotFound): raise NotFound("bob")
"""

    def told(self, result: pytest.RunResult) -> list[str]:
        return [line for line in result.outlines if "names no class" in line]

    @pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "on workers"])
    def test_they_are_told_of(
        self, run: Any, pytester: pytest.Pytester, options: tuple[str, ...]
    ) -> None:
        if options:
            pytest.importorskip("xdist")
        write(pytester, "ini", **self.SETTINGS)
        assert self.told(run(self.SOURCE, "--portable-errors", *options)) == self.TOLD

    @pytest.mark.parametrize(
        "options", [("-k", "another"), ("test_shop.py",), (".",), ("-x",)], ids=" ".join
    )
    def test_a_run_of_some_says_nothing(
        self, run: Any, pytester: pytest.Pytester, options: tuple[str, ...]
    ) -> None:
        write(pytester, "ini", **self.SETTINGS)
        source = (
            self.SOURCE + "\ndef test_fails(): assert False\n"
            if options == ("-x",)
            else self.SOURCE
        )
        assert self.told(run(source, "--portable-errors", *options)) == []

"""What a release has pickled is kept by one run, and loaded with the code of another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Run

RAISES = """
def test_payment():
    with pytest.raises(Refund): raise Refund(7, "declined")
"""
THEN = """
class Refund(Exception):
    def __init__(self, order, reason):
        super().__init__(order, reason)
        self.order, self.reason = order, reason

class Gone(Exception): pass

class Odd(Exception):
    def __init__(self):
        super().__init__()
        self.password = "hunter2hunter2"
"""
UPDATE = ("--portable-errors-mode=warn", "--portable-errors-update-goldens")
GOLDENS = "--portable-errors-goldens=goldens"


@pytest.fixture
def errors(shop: Path, pytester: pytest.Pytester) -> Path:
    """The project's errors, which a test may change; the project is at 1.4.0."""
    release(pytester, "1.4.0")
    (shop / "errors.py").write_text(THEN)
    return shop / "errors.py"


def release(pytester: pytest.Pytester, version: str) -> None:
    (pytester.path / "pyproject.toml").write_text(
        f'[project]\nname = "shop"\nversion = "{version}"\n'
    )


def names(pytester: pytest.Pytester, version: str = "1.4.0") -> list[str]:
    return sorted(file.stem for file in (pytester.path / "goldens" / version).glob("*.json"))


class TestUpdate:
    def test_each_class_is_kept_as_raised_and_as_built(
        self, run: Run, errors: Path, pytester: pytest.Pytester
    ) -> None:
        result = run(RAISES, *UPDATE, GOLDENS, "-o", "portable_errors_serializers=pickle")
        result.stdout.fnmatch_lines(
            [
                "goldens: 3 written to goldens/1.4.0, 0 as they were",
                "no golden: shop.errors.Odd[[]pickle]: carries credentials: exc.password",
            ]
        )
        assert names(pytester) == [
            "shop.errors.Gone-pickle-built",
            "shop.errors.Refund-pickle-built",
            "shop.errors.Refund-pickle-raised",
        ]
        assert "hunter2" not in result.stdout.str()

    def test_a_second_update_writes_nothing_and_a_later_release_beside_it(
        self, run: Run, errors: Path, pytester: pytest.Pytester
    ) -> None:
        run(RAISES, *UPDATE, GOLDENS)
        before = {file: file.read_bytes() for file in pytester.path.rglob("1.4.0/*.json")}
        run(RAISES, *UPDATE, GOLDENS).stdout.fnmatch_lines(
            ["goldens: 0 written to goldens/1.4.0, 6 as they were"]
        )
        release(pytester, "1.5.0.dev2+g0123")
        errors.write_text(THEN.replace("self.order, self.reason", "self.order, self.why"))
        run(RAISES, *UPDATE, GOLDENS).stdout.fnmatch_lines(
            ["goldens: 6 written to goldens/1.5.0, 0 as they were"]
        )
        assert {file: file.read_bytes() for file in before} == before

    def test_under_xdist_the_same_are_written(
        self, run: Run, errors: Path, pytester: pytest.Pytester
    ) -> None:
        run(RAISES, *UPDATE, GOLDENS)
        alone = {file.name: file.read_bytes() for file in pytester.path.rglob("1.4.0/*.json")}
        for file in pytester.path.rglob("1.4.0/*.json"):
            file.unlink()
        result = run(RAISES, *UPDATE, GOLDENS, "-n", "2")
        result.stdout.fnmatch_lines(["goldens: 6 written to goldens/1.4.0, 0 as they were"])
        shared = {file.name: file.read_bytes() for file in pytester.path.rglob("1.4.0/*.json")}
        assert shared == alone

    def test_one_that_today_s_code_does_not_read_is_written_anew(
        self, run: Run, errors: Path, pytester: pytest.Pytester
    ) -> None:
        only = (*UPDATE, GOLDENS, "-o", "portable_errors_serializers=pickle")
        run(RAISES, *only)
        reduce = "    def __reduce__(self): return type(self), (self.order, self.reason, 0), {}\n"
        errors.write_text(
            THEN.replace("reason):", "reason, code):").replace(
                "\nclass Gone", f"{reduce}\nclass Gone"
            )
        )
        source = RAISES.replace('"declined")', '"declined", 0)')
        run(source, *only).stdout.fnmatch_lines(
            ["goldens: * written to goldens/1.4.0, * of them anew, * as they were"]
        )
        run(source, GOLDENS).assert_outcomes(passed=4)

    def test_what_cannot_be_written_fails_the_run(
        self, run: Run, errors: Path, pytester: pytest.Pytester
    ) -> None:
        (pytester.path / "goldens").mkdir()
        (pytester.path / "goldens" / "1.4.0").write_text("a file")
        result = run(RAISES, *UPDATE, GOLDENS)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines(["goldens could not be written: *"])

    def test_of_many_releases_the_last_stay(
        self, run: Run, errors: Path, pytester: pytest.Pytester
    ) -> None:
        for version in ("1.9.0", "1.10.0", "1.11.0"):
            release(pytester, version)
            result = run(RAISES, *UPDATE, GOLDENS, "--portable-errors-goldens-keep=2")
        result.stdout.fnmatch_lines(["goldens: deleted those of 1.9.0 *"])
        assert names(pytester, "1.9.0") == []
        assert names(pytester, "1.10.0")

    def test_a_value_is_kept_by_the_name_that_its_test_gives(
        self, run: Run, errors: Path, pytester: pytest.Pytester
    ) -> None:
        source = (
            "def test_it(assert_value_roundtrip):\n"
            "    assert_value_roundtrip({'order': 7}, golden='order-v1')\n"
        )
        run(source, *UPDATE, GOLDENS, "test_shop.py")
        assert names(pytester) == ["order-v1-cloudpickle-value", "order-v1-pickle-value"]
        run(source, GOLDENS).assert_outcomes(passed=3)
        result = run(source.replace("order-v1", "a/b"))
        result.stdout.fnmatch_lines(["E *golden='a/b'): expected a name, e.g. 'order-v1'"])


class TestCheck:
    @pytest.fixture(autouse=True)
    def kept(self, run: Run, errors: Path, pytester: pytest.Pytester) -> None:
        run(RAISES, *UPDATE, GOLDENS, "-o", "portable_errors_serializers=pickle")
        errors.write_text(
            THEN.replace("class Gone(Exception): pass", "").replace(
                "order, reason):", "order, reason, code):"
            )
        )

    def test_what_the_code_of_today_cannot_read_fails(self, run: Run) -> None:
        result = run("def test_it(): pass", GOLDENS, "-v")
        result.assert_outcomes(passed=1, failed=3)
        result.stdout.fnmatch_lines(
            [
                "portable-errors-golden::shop.errors.Gone[[]pickle 1.4.0 built] FAILED*",
                "portable-errors-golden::shop.errors.Refund[[]pickle 1.4.0 built] FAILED*",
                "portable-errors-golden::shop.errors.Refund[[]pickle 1.4.0] FAILED*",
            ],
            consecutive=True,
        )
        result.stdout.fnmatch_lines(
            [
                "shop.errors.Refund does not arrive: loads raised TypeError *",
                (
                    "  why   release 1.4.0 pickled it as a call of "
                    "shop.errors.Refund with 2 arguments*"
                ),
                "  fix   give code a default in __init__ of Refund",
                "        (tried: arrives whole)",
                "        def __init__(self, order, reason, code=None):*",
                "  golden  goldens/1.4.0/shop.errors.Refund-pickle-raised.json: release 1.4.0, *",
            ]
        )
        result.stdout.fnmatch_lines(
            ["        gone on purpose? add to portable_errors_ignore: shop.errors.Gone"]
        )

    def test_what_is_gone_on_purpose_is_left_out(self, run: Run) -> None:
        result = run("", GOLDENS, "-o", "portable_errors_ignore=shop.errors.Gone", "-k", "Gone")
        result.assert_outcomes(skipped=1)

    @pytest.mark.parametrize("workers", ["0", "2"])
    def test_the_outcomes_are_pytest_s_own(
        self, run: Run, pytester: pytest.Pytester, workers: str
    ) -> None:
        result = run("", GOLDENS, "-n", workers, "-k", "Refund", "--junit-xml=junit.xml")
        result.assert_outcomes(failed=2)
        assert 'failures="2"' in (pytester.path / "junit.xml").read_text()
        run("", GOLDENS, "--lf").assert_outcomes(failed=2)
        run("", GOLDENS, "-x").assert_outcomes(failed=1)

    def test_with_paths_the_folder_of_the_ini_file_is_not_looked_at(self, run: Run) -> None:
        setting = ("-o", "portable_errors_goldens=goldens")
        run("def test_it(): pass", *setting, "test_shop.py").assert_outcomes(passed=1)
        run("def test_it(): pass", *setting).assert_outcomes(passed=1, failed=3)
        run("def test_it(): pass", GOLDENS, "test_shop.py").assert_outcomes(passed=1, failed=3)

    def test_broken_files_fail_with_what_to_do(self, run: Run, pytester: pytest.Pytester) -> None:
        folder = pytester.path / "goldens" / "1.4.0"
        for file in folder.iterdir():
            file.unlink()
        (folder / "cut.json").write_text('{"format": 1,')
        result = run("", GOLDENS)
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(
            ["1.4.0/cut.json: cut off, or no JSON *: take it from version control again; *"]
        )

    def test_a_payload_that_would_run_something_is_not_loaded(
        self, run: Run, pytester: pytest.Pytester
    ) -> None:
        import pickle
        from dataclasses import replace

        from pytest_portable_errors.goldens.golden import parse

        file = pytester.path / "goldens" / "1.4.0" / "shop.errors.Refund-pickle-raised.json"
        golden = parse(file.read_text(), origin="x")

        class Touches:
            def __reduce__(self) -> tuple[Any, ...]:
                return open, (str(pytester.path / "touched"), "w")

        file.write_text(replace(golden, payload=pickle.dumps(Touches())).text())
        result = run("", GOLDENS, "-k", "Refund and not built")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(
            ["shop.errors.Refund of release 1.4.0 is not loaded: its payload names io.open, *"]
        )
        assert not (pytester.path / "touched").exists()


class TestMisuse:
    @pytest.mark.parametrize(
        ("words", "why"),
        [
            (("--portable-errors-goldens=none",), "there is no folder none"),
            (("--portable-errors-goldens=test_shop.py",), "this is a file"),
            (("--portable-errors-update-goldens",), "no folder is named"),
            ((GOLDENS, "--portable-errors-update-goldens"), "add --portable-errors"),
            ((GOLDENS, *UPDATE, "--portable-errors-goldens-keep=0"), "a whole number, 1 or more"),
            ((GOLDENS, *UPDATE), "the project has no version"),
            ((GOLDENS, *UPDATE, "--portable-errors-goldens-release=a/b"), "cannot be called"),
            (("portable-errors-golden::shop.errors.Refund[pickle 1.4.0]",), "golden and Refund"),
            (("-o", "portable_errors_hops=0"), "a whole number, 1 to 5"),
            (("-o", "portable_errors_hops=x"), "a whole number, 1 to 5"),
        ],
    )
    def test_it_is_answered_before_the_tests_run(
        self, run: Run, words: tuple[str, ...], why: str
    ) -> None:
        result = run("def test_it(): pass", *words)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        assert why in result.stderr.str()


LATE = """
class Late(Exception):
    def __setstate__(self, state): self.__dict__["has_travelled"] = True
    def __reduce__(self):
        if "has_travelled" in vars(self): raise TypeError("no second time")
        return type(self), self.args, {"x": 1}
"""


class TestHops:
    @pytest.fixture(autouse=True)
    def late(self, shop: Path) -> None:
        with (shop / "errors.py").open("a") as file:
            file.write(LATE)

    @pytest.mark.parametrize(
        ("marker", "words"),
        [("hops=2", ()), ("", ("-o", "portable_errors_hops=2")), ("hops=3", ())],
    )
    def test_what_is_lost_on_the_second_is_told_with_the_hop(
        self, run: Run, marker: str, words: tuple[str, ...]
    ) -> None:
        source = (
            f"@pytest.mark.portable_exception(receiver='with-project', checks=['args'], {marker})\n"
            "def test_it():\n    with pytest.raises(Late): raise Late(7)\n"
        )
        result = run(source, *words)
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(
            [
                "shop.errors.Late does not arrive on hop 2: dumps raised TypeError *",
                "  received  nothing. TypeError: no second time",
            ]
        )

    def test_one_hop_loses_nothing_of_it(self, run: Run) -> None:
        """The control."""
        source = (
            "@pytest.mark.portable_exception(receiver='with-project', checks=['args'])\n"
            "def test_it():\n    with pytest.raises(Late): raise Late(7)\n"
        )
        run(source).assert_outcomes(passed=1)

    def test_the_fixture_says_how_often(self, run: Run) -> None:
        result = run(
            "def test_it(assert_roundtrip):\n"
            "    assert assert_roundtrip(ValueError('x'), hops=3).hop == 3\n"
            "def test_wrong(assert_roundtrip):\n"
            "    assert_roundtrip(ValueError('x'), hops='2')\n"
        )
        result.assert_outcomes(passed=1, failed=1)
        result.stdout.fnmatch_lines(["E *hops='2'): expected how often *: 1 to 5"])

    def test_repo_wide_every_exception_makes_them(
        self, run: Run, pytester: pytest.Pytester
    ) -> None:
        source = "def test_it():\n    with pytest.raises(Late): raise Late(7)\n"
        result = run(
            source,
            "--portable-errors",
            "--portable-errors-receiver=with-project",
            "-o",
            "portable_errors_hops=2",
            "-o",
            "portable_errors_checks=args",
            "--portable-errors-report=report.json",
            "test_shop.py",
        )
        result.assert_outcomes(failed=1)
        report = json.loads((pytester.path / "report.json").read_text())
        assert '"hop": 2' in json.dumps(report["defects"])

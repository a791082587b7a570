"""Every exception class of a project, or of a package, is an item of its own."""

from __future__ import annotations

import json
from typing import Any

import pytest
from settings_files import REPORTED, found, write

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
WAITING = """
import time
import pathlib
import shop.costly

def test_it():
    for _ in range(3_000):
        if len(set(pathlib.Path("importers.txt").read_text().split())) == 2:
            return
        time.sleep(0.01)
    raise AssertionError("nobody else has imported it")

def test_at_the_end_the_cases_set_out(): pass
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

    def test_each_is_built_in_three_ways_and_with_additions(
        self, run: Any, pytester: pytest.Pytester
    ) -> None:
        (pytester.path / "shop" / "kinds.py").write_text(KINDS)
        write(pytester, "ini", portable_errors_ignore=["shop.errors.*"])
        result = run(SURVEYED, "--portable-errors", *REPORTED, "-rs")
        result.assert_outcomes(passed=3, failed=2, skipped=1)
        document = json.loads((pytester.path / "found.json").read_text())
        defects = {one["cls"].removeprefix("shop.kinds."): one for one in document["defects"]}
        assert set(defects) == {"ByName", "Slotted"}
        assert defects["ByName"]["ways"] == ["by keyword"]
        assert document["classes"]["shop.kinds.Dropping"] == "whole"
        assert document["classes"]["shop.kinds.Outer.Inner"] == "whole"
        assert list(document["not_checked"]) == ["shop.kinds.Never"]
        result.stdout.fnmatch_lines(
            [
                "SKIPPED *Never could not be built: LookupError: never",
                "*shop.kinds.ByName *only when built by keyword     shop/kinds.py:5",
                "not checked: shop.kinds.Never: Never could not be built: LookupError: never",
                "no defect: 1 class (shop.kinds.Dropping) lost a note or an attribute *",
            ]
        )

    def test_what_is_added_later_is_a_defect_where_that_is_asked_for(
        self, run: Any, pytester: pytest.Pytester
    ) -> None:
        (pytester.path / "shop" / "kinds.py").write_text(KINDS)
        write(
            pytester,
            "ini",
            portable_errors_ignore=["shop.errors.*"],
            portable_errors_checks=[
                *("type", "message", "args", "attributes", "notes", "members", "additions")
            ],
        )
        result = run(SURVEYED, "--portable-errors", *REPORTED)
        result.assert_outcomes(passed=2, failed=3, skipped=1)
        document = json.loads((pytester.path / "found.json").read_text())
        defects = {one["cls"].removeprefix("shop.kinds."): one for one in document["defects"]}
        assert set(defects) == {"ByName", "Dropping", "Slotted"}
        assert all(
            "with a note and an attribute added later" in way for way in defects["Dropping"]["ways"]
        )
        assert defects["Dropping"]["kinds"] == ["attributes", "notes"]
        result.stdout.fnmatch_lines(["*shop.kinds.Dropping *loses what is added later *"])
        result.stdout.no_fnmatch_line("no defect:*")

    def test_the_receiver_imports_their_modules_while_the_tests_run(
        self, run: Any, pytester: pytest.Pytester
    ) -> None:
        importing = (
            "import os\nopen('importers.txt', 'a').write(f'{os.getpid()} ')\nclass "
            "Fine(Exception): pass\n"
        )
        (pytester.path / "shop" / "costly.py").write_text(importing)
        # three of the sample's are broken
        run(WAITING, "--portable-errors", *REPORTED).assert_outcomes(passed=4, failed=3)

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
        result.stdout.fnmatch_lines(
            [
                "*ERROR collecting portable-errors*",
                f"survey of broken: importing it raised {message}",
            ]
        )

    def test_a_package_is_imported_and_its_classes_alone_are_checked(
        self, run: Any, pytester: pytest.Pytester
    ) -> None:
        (pytester.path / "shop" / "__init__.py").write_text("import shop.kinds\n")
        (pytester.path / "shop" / "kinds.py").write_text("class Fine(Exception): pass\n")
        result = run(
            "def test_it(): assert 0\n",
            "--portable-errors-survey=shop.kinds",
            "--portable-errors-survey=graphlib",
            *REPORTED,
        )
        assert found(pytester) == {"Fine": "whole", "CycleError": "whole"}
        result.assert_outcomes(passed=2)

    def test_it_is_the_same_from_the_file(self, run: Any, pytester: pytest.Pytester) -> None:
        write(pytester, "ini", portable_errors_survey=["graphlib"])
        run("def test_it(): pass\n", *REPORTED).assert_outcomes(passed=2)
        assert found(pytester) == {"CycleError": "whole"}

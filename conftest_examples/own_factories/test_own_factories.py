"""``pytest --portable-errors``, run as the team runs it, with and without what ``conftest.py``
declares."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
ORDER_ERRORS = {
    "factories_errors.OrderError",
    "factories_errors.OutOfStock",
    "factories_errors.PaymentRefused",
}
REPAIR = "return rebuilt, (type(self), self.args, self.__dict__)"
AS_IT_WAS = (
    "return type(self), self.args, self.__dict__  # what every exception does that has "
    "no __reduce__"
)
EXPECT_ALONE = """
from factories_errors import StepFailed

def pytest_portable_errors_expect():
    return {StepFailed: RuntimeError}
"""
INSTANCES_ALONE = """
from factories_errors import Order, OrderError, PaymentRefused

def pytest_portable_errors_instances():
    order = Order.placed(7, lines=("tea",))
    return {OrderError: lambda cls: cls(order), PaymentRefused: lambda cls: cls(order, code=402)}
"""


class Run:
    """A survey of ``factories_errors`` in a folder of its own."""

    def __init__(
        self, folder: Path, *, conftest: str | None = None, unrepaired: bool = False
    ) -> None:
        """``conftest`` takes the place of the team's own; None: that one."""
        source = (HERE / "factories_errors.py").read_text()
        assert REPAIR in source or not unrepaired
        (folder / "factories_errors.py").write_text(
            source.replace(REPAIR, AS_IT_WAS) if unrepaired else source
        )
        shutil.copy(HERE / "conftest.py", folder)
        if conftest is not None:
            (folder / "conftest.py").write_text(conftest)
        (folder / "pytest.ini").write_text(
            "[pytest]\nportable_errors_receiver = with-project\nportable_errors_checks = type "
            "message args attributes notes members\n"
        )
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "--portable-errors",
            "--portable-errors-report=told.json",
        ]
        done = subprocess.run(
            [*command, "--portable-errors-survey", "factories_errors"],
            cwd=folder,
            capture_output=True,
            text=True,
        )
        self.text = done.stdout
        assert (folder / "told.json").exists(), done.stdout + done.stderr
        told: dict[str, Any] = json.loads((folder / "told.json").read_text())
        self.passed = done.returncode == 0
        self.classes: int = told["totals"]["classes"]
        self.whole: int = told["totals"]["whole"]
        self.not_checked: dict[str, str] = told["not_checked"]
        self.defective = {defect["cls"] for defect in told["defects"]}


@pytest.fixture(scope="module")
def declared(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """With all that the team declares."""
    return Run(tmp_path_factory.mktemp("declared"))


class TestInstances:
    def test_every_class_is_checked_and_arrives_whole(self, declared: Run) -> None:
        assert declared.passed, declared.text
        assert declared.not_checked == {}
        assert (declared.whole, declared.classes) == (4, 4)

    def test_the_control_without_them_they_are_not_checked_and_a_defect_goes_unseen(
        self, tmp_path: Path
    ) -> None:
        run = Run(tmp_path, conftest=EXPECT_ALONE, unrepaired=True)
        assert run.passed, run.text
        assert run.not_checked.keys() == ORDER_ERRORS
        assert "TypeError: expected an Order" in run.not_checked["factories_errors.OrderError"]

    def test_with_them_it_is_found_in_the_subclasses_too(self, tmp_path: Path) -> None:
        run = Run(tmp_path, unrepaired=True)
        assert not run.passed
        assert run.defective == ORDER_ERRORS


class TestExpect:
    def test_the_control_without_it_a_deliberate_change_of_type_is_a_defect(
        self, tmp_path: Path
    ) -> None:
        run = Run(tmp_path, conftest=INSTANCES_ALONE)
        assert not run.passed
        assert run.defective == {"factories_errors.StepFailed"}

    def test_with_it_it_is_none(self, declared: Run) -> None:
        assert declared.defective == set()

"""A receiver that has the project is set up as its workers are, or somebody has to say how."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest
from conftest import Run

needs_django = pytest.mark.skipif(
    importlib.util.find_spec("django") is None, reason="Django is not installed"
)
SETTINGS = """
SECRET_KEY = "x"
INSTALLED_APPS = ["django.contrib.contenttypes", "stock"]
USE_I18N = True
"""
MODELS = """
from django.db import models
from django.utils.translation import gettext_lazy


class Item(models.Model):
    class Meta:
        app_label = "stock"


class Gone(Exception):
    pass


LAZY = gettext_lazy("not there")
"""
TESTS = """
import django
import pytest

django.setup()

from django.core.exceptions import ValidationError
from stock import models


def test_models():
    with pytest.raises(models.Item.DoesNotExist):
        raise models.Item.DoesNotExist("no such item")


def test_lazy():
    with pytest.raises(ValidationError):
        raise ValidationError(models.LAZY, code="gone")
"""


@pytest.fixture
def django_project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "site_settings")
    pytester.makeini("[pytest]\npythonpath = .\n")
    pytester.makepyfile(site_settings=SETTINGS, test_stock=TESTS)
    package = pytester.mkpydir("stock")
    (package / "models.py").write_text(MODELS)
    return pytester.path


@needs_django
def test_django_is_set_up_without_a_word(django_project: Path, run_pytest: Run) -> None:
    result = run_pytest("--portable-errors")
    assert not result.parseoutcomes().get("failed")
    result.stdout.no_fnmatch_line("*defect*")
    result.stdout.no_fnmatch_line("*::setup*")
    result.stdout.fnmatch_lines(["FAILED portable-errors::receiver - *"])


@needs_django
def test_none_turns_it_off(django_project: Path, run_pytest: Run) -> None:
    result = run_pytest("--portable-errors", "-o", "portable_errors_receiver_setup=none")
    result.stdout.fnmatch_lines(["*defects in*", "*AppRegistryNotReady*"])
    result.stdout.no_fnmatch_line("*fix*")


@needs_django
def test_where_it_fails_it_is_said_how_to_turn_it_off(
    django_project: Path, run_pytest: Run
) -> None:
    settings = django_project / "site_settings.py"
    settings.write_text(
        settings.read_text()
        + "\nimport sys\nif 'pytest' not in sys.modules:\n    raise ValueError('only in tests')\n"
    )
    result = run_pytest("--portable-errors", "--portable-errors-receiver=with-project")
    told = result.stdout.str().partition("FAILED portable-errors - ")[2]
    assert "portable_errors_receiver_setup = django:setup (in a Django project the default)" in told
    assert "only in tests" in told
    assert "none calls nothing" in told


GATE = """
import sys

if "pytest" not in sys.modules and not getattr(sys, "shop_is_set_up", False):
    raise RuntimeError("call shop.start.begin() first")


class Closed(Exception):
    pass


class Locked(Exception):
    pass
"""
START = """
import sys


def begin():
    sys.shop_is_set_up = True
"""
RAISES = """
import pytest
from shop import gate


@pytest.mark.parametrize("cls", [gate.Closed, gate.Locked])
def test_it(cls):
    with pytest.raises(cls):
        raise cls("for today")
"""


@pytest.fixture
def gated(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\npythonpath = .\n")
    pytester.makepyfile(test_gate=RAISES)
    package = pytester.mkpydir("shop")
    (package / "gate.py").write_text(GATE)
    (package / "start.py").write_text(START)


READERS = "--portable-errors-receiver=with-project"


@pytest.mark.usefixtures("gated")
def test_a_library_that_was_not_set_up_is_one_decision_and_no_defect(run_pytest: Run) -> None:
    result = run_pytest("--portable-errors", READERS)
    result.assert_outcomes(passed=4)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*= portable errors: 1 decision to take =*",
            "FAILED portable-errors::setup - 2 exception classes could not be looked at: *",
            "*portable_errors_receiver_setup = module:callable",
            "*portable_errors_receiver_setup = none",
        ]
    )
    result.stdout.no_fnmatch_line("*fix*")


@pytest.mark.usefixtures("gated")
@pytest.mark.parametrize(
    ("setup", "passed", "failed"), [("shop.start:begin", 4, 0), ("none", 0, 4)]
)
def test_once_it_is_taken_each_class_is_judged(
    run_pytest: Run, setup: str, passed: int, failed: int
) -> None:
    option = f"portable_errors_receiver_setup={setup}"
    result = run_pytest("--portable-errors", READERS, "-o", option)
    result.assert_outcomes(passed=passed, failed=failed)
    result.stdout.no_fnmatch_line("*::setup*")

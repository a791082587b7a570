"""The site's two test suites, pytest's and Django's own, run as a developer runs them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

SITE = Path(__file__).with_name("shop_site")


def run_in_site(*arguments: str) -> str:
    """Run Python there, in a process that inherits neither these tests' settings nor their
    pytest's; give what it prints."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DJANGO_", "PYTEST_"))
    }
    environment["PYTHONDONTWRITEBYTECODE"] = "1"
    command = [sys.executable, *arguments]
    return subprocess.run(
        command,
        cwd=SITE,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ).stdout


class TestPytest:
    def outcomes(self, *arguments: str) -> tuple[dict[str, str], str]:
        """The outcome of each test, and all that was printed."""
        # The site makes its tables itself, which pytest-django forbids where it is installed.
        without = ("-p", "no:cacheprovider", "-p", "no:django")
        printed = run_in_site("-m", "pytest", "-rA", *without, *arguments)
        return {
            test: outcome
            for outcome, test in re.findall(
                r"^(PASSED|FAILED|ERROR) \S+::(test_\w+)", printed, re.MULTILINE
            )
        }, printed

    def test_the_models_error_arrives_without_a_word_of_configuration(self) -> None:
        outcomes, printed = self.outcomes()
        assert outcomes == {
            "test_no_such_product": "PASSED",
            "test_too_few_of_them": "PASSED",
            "test_a_real_reader": "PASSED",
        }, printed

    def test_the_control_where_that_is_turned_off_it_does_not(self) -> None:
        outcomes, printed = self.outcomes("-o", "portable_errors_receiver_setup=none")
        assert outcomes == {
            "test_no_such_product": "FAILED",
            "test_too_few_of_them": "PASSED",
            "test_a_real_reader": "PASSED",
        }, printed
        assert (
            "Product.DoesNotExist does not arrive: loads raised "
            "django.core.exceptions.AppRegistryNotReady"
        ) in printed
        assert "portable_errors_receiver_setup = django:setup" in printed, (
            "the failure says what to do"
        )


class TestManagePy:
    def test_the_same_check_in_djangos_own_suite(self) -> None:
        printed = run_in_site("manage.py", "test", "catalog", "--verbosity=2")
        assert dict(re.findall(r"^(test_\w+) \(.*\) \.\.\. (.*)$", printed, re.MULTILINE)) == {
            "test_an_error_of_the_application_arrives": "ok",
            "test_the_control_before_the_fix_it_did_not": "ok",
            "test_an_error_of_a_model_arrives_where_django_is_set_up": "ok",
            "test_the_control_elsewhere_it_does_not": "ok",
        }, printed

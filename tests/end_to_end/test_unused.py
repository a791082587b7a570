"""Installed and not used, the plugin costs next to nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from chosen_plugins import NO_OTHERS

LISTING = (
    "import sys, json, pytest; pytest.main(['--co', '-q', *sys.argv[1:]]); "
    "print(json.dumps(sorted(sys.modules)))"
)


def modules(*args: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", LISTING, *args],
        env={**os.environ, **NO_OTHERS},
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_nothing_is_imported_but_what_every_run_needs(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_it(): pass")
    added = modules("-p", "portable_errors") - modules()
    names = (
        "plugin",
        "errors",
        "receiver_names",
        "diagnosis",
        "diagnosis.checks",
        "report",
        "report.rows",
        "run",
        "run.fixtures",
        "run.ini",
        "run.option_specs",
        "run.option_values",
        "run.options",
        "run.receiver_values",
        "run.report_attributes",
        "run.reporter",
        "run.hookspecs",
        "run.stash",
        "run.told_once",
        "sender",
        "sender.process_receivers",
    )
    assert added == {
        "pytest_portable_errors",
        *(f"pytest_portable_errors.{name}" for name in names),
    }


def test_no_process_is_started(run_pytest: Any, pytester: pytest.Pytester, shop: object) -> None:
    pytester.makepyfile(
        "import subprocess\n\ndef test_it(monkeypatch):\n    monkeypatch.setattr(subprocess, "
        "'Popen', None)\n"
    )
    run_pytest().assert_outcomes(passed=1)

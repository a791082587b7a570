"""What the plugin asks of others holds for itself: all that it raises arrives whole."""

from __future__ import annotations

import re
from typing import Any

import pytest

IMPORT_ALL = """
import importlib, pkgutil
import pytest_portable_errors as package

for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    # Those of the carriers import what need not be installed, and define nothing; the other is the receiver's own start.
    if ".carriers." not in module.name and not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""


def test_every_exception_class_of_the_plugin_arrives_whole(
    run_pytest: Any, pytester: pytest.Pytester
) -> None:
    pytester.makeconftest(IMPORT_ALL)
    result = run_pytest(
        "--portable-errors-survey=pytest_portable_errors",
        "--portable-errors-receiver=with-project",
        *("-v", "-k", "not probes"),  # those are what does not arrive
    )
    assert result.ret == pytest.ExitCode.OK, result.stdout.str()
    found = {
        match[1]
        for line in result.outlines
        if (match := re.match(r"portable-errors::(\S+) .*PASSED", line))
    }
    assert {
        "pytest_portable_errors.errors.PortableErrorsError",
        "pytest_portable_errors.sender.client.ReceiverEnded",
        "pytest_portable_errors.receiver.messages.MessageError",
        "pytest_portable_errors.building.build.CannotBuild",
        "pytest_portable_errors.run.stash.NotPortable",
    } <= found

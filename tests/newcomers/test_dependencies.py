"""The forty libraries of a service: each row of the table is what plain pickle says by hand.

``nox -s dependencies`` installs them; elsewhere those that are missing are not looked at.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from by_hand import another_process, differences
from chosen_plugins import NO_OTHERS, chosen
from in_matrix import MATRIX

from pytest_portable_errors.building.build import CannotBuild, build
from pytest_portable_errors.diagnosis.source_places import class_named
from pytest_portable_errors.report.libraries import counts_of
from pytest_portable_errors.run.library_limits import PROCESSOR
from pytest_portable_errors.run.library_process import survey_library
from pytest_portable_errors.sender.distributions import pyproject_of
from pytest_portable_errors.survey.requirements import dependency_of, modules_in

PROJECT = Path(__file__).parent / "dependencies"
BY_HAND = (
    *("botocore", "click", "docker", "grpcio", "httpx", "kafka-python", "openai", "pika"),
    *("pymongo", "redis"),
)
"""Those of which each class is made and sent here."""

ASKED: dict[str, Any] = {
    "serializers": ["pickle", "cloudpickle"],
    "receivers": ["without-project"],
    "checks": ["type", "message", "args", "attributes"],
    "processor": PROCESSOR,
    "timeout": 10.0,
    **{name: [] for name in ("installed", "absent", "ignore")},
    **{name: {} for name in ("expect", "without")},
    "reducers": None,
}
"""What the run asks that gives the rows."""
NEEDED = 38
"""So many are installed, or nothing is looked at."""
_REQUIRED = pyproject_of(PROJECT)["project"]["dependencies"]


def _is_installed(requirement: str) -> bool:
    try:
        importlib.metadata.version(requirement.partition("[")[0])
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


pytestmark = [
    MATRIX,
    pytest.mark.skipif(
        sum(map(_is_installed, _REQUIRED)) < NEEDED, reason="nox -s dependencies installs them"
    ),
]


@pytest.fixture(scope="module")
def surveyed(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], str]:
    """The rows of the report, and the output of a second run."""
    folder = tmp_path_factory.mktemp("service")
    project = shutil.copytree(PROJECT, folder / "orders")
    environment = {**os.environ, **NO_OTHERS, "XDG_CACHE_HOME": str(folder / "cache")}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *chosen()]
    command += ["--portable-errors-survey", "dependencies"]

    def run(*args: str) -> str:
        done = subprocess.run(
            [*command, *args],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        return done.stdout + done.stderr

    output = run("--portable-errors-report", "report.json")
    rows = json.loads((project / "report.json").read_text())["libraries"]
    table = output[output.index("dependencies: 40") : output.index("rerun:")]
    again = run()
    assert table in again
    return {row["library"].lower(): row for row in rows}, again


def test_all_forty_have_a_row(surveyed: tuple[dict[str, Any], str]) -> None:
    rows, _ = surveyed
    assert len(rows) == 40
    for row in rows.values():
        assert row["version"] or row["said"] == ["it is not installed here"]
        assert row["classes"] >= row["whole"] + row["lossy"] - row["not_built"]


@pytest.mark.filterwarnings("default")  # what libraries warn of is not under test
@pytest.mark.parametrize("name", BY_HAND)
def test_a_row_is_what_pickle_says(
    surveyed: tuple[dict[str, Any], str], name: str, tmp_path: Path
) -> None:
    rows, _ = surveyed
    if not rows[name]["version"]:
        pytest.skip(f"{name} is not installed")
    dependency = dependency_of(name)
    library = survey_library(
        dependency,
        {**ASKED, "root": str(tmp_path)},
        modules=modules_in(dependency),
        named={},
        running=set(),
    ).library
    assert rows[name]["lossy"] == counts_of(library)["lossy"]
    built, lossy = set(), set()
    for one in library["classes"]:
        for row in one["entries"]["rows"]:
            if "(" not in row["how"]:  # what a suite raises is compared in test_suites
                built.add(row["cls"])
                by_pickle = [found for found in row["findings"] if found["serializer"] == "pickle"]
                if any(found["verdict"] == "defect" for found in by_pickle):
                    lossy.add(row["cls"])
    by_hand = set()
    with another_process() as reader:
        for cls in sorted(built):
            found = class_named(cls, _class)
            try:
                variants = [] if found is None else build(found, values={})
            except CannotBuild:
                continue
            # Other args alone are harmless in a class that is not the project's.
            if any(set(differences(variant.exc, reader)) - {"args"} for variant in variants):
                by_hand.add(cls)
    assert lossy == by_hand


def _class(module: str, qualname: str) -> type[BaseException] | None:
    try:
        found: Any = importlib.import_module(module)
        for part in qualname.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError):
        return None
    return found if isinstance(found, type) and issubclass(found, BaseException) else None

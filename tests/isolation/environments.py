"""Real virtual environments with real installs, and pytest runs in them."""

from __future__ import annotations

import fcntl
import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from isolation.findings import Findings
from isolation.projects import Project

# What pip says when the index cannot give what a build needs. Anything else that stops a build is a
# mistake in these tests.
_OUT_OF_REACH = (
    "No matching distribution found",
    "Could not fetch URL",
    "ConnectionError",
    "TimeoutError",
    "name resolution",
)
_PIP_SECONDS = 180
_PYTEST_SECONDS = 120
# of the run that these tests are part of
_FOREIGN_VARIABLES = ("PYTEST", "PYTHON", "COV_", "COVERAGE", "VIRTUAL_ENV")


@dataclass(frozen=True, slots=True, kw_only=True)
class Environment:
    """A virtual environment that has pytest, cloudpickle and this plugin, none of them editable."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def site_packages(self) -> Path:
        return next((self.folder / "lib").glob("python*/site-packages"))

    def clone(self, folder: Path) -> Environment:
        """Another one with the same distributions. Files are linked: pip replaces files, it never
        writes into one."""
        _make_venv(folder)
        copy = Environment(folder=folder)
        shutil.copytree(
            self.site_packages, copy.site_packages, copy_function=os.link, dirs_exist_ok=True
        )
        return copy

    def install(self, *arguments: str | Path) -> None:
        pip("--python", self.python, "install", *arguments)

    def probe(
        self,
        root: Path,
        *projects: Project,
        arguments: tuple[str, ...] = ("tests",),
        third_party: tuple[str, ...] = (),
        variables: Mapping[str, str] | None = None,
        as_script: bool = False,
        plain_call: bool = False,
    ) -> Findings:
        """Run pytest in a folder, and read what the probe there wrote down about these projects and
        further modules.

        ``as_script`` runs it as the script ``pytest`` does; ``python -m pytest`` puts the current
        folder on the path. ``plain_call`` makes the trips in a test that has no marker and no
        fixture of the plugin.
        """
        chosen = ("-k", "plain_call" if plain_call else "with_the_plugin")
        written = root / "findings.json"
        written.unlink(missing_ok=True)
        modules = [name for project in projects for name in project.modules]
        tests = ["test_probe", "tests.test_probe", "conftest", "tests.conftest"]
        foreign = {name for name in os.environ if name.startswith(_FOREIGN_VARIABLES)}
        environment = {name: text for name, text in os.environ.items() if name not in foreign} | {
            "PYTHONDONTWRITEBYTECODE": "1",
            "PROBE_MODULES": json.dumps([*modules, *tests, "pluggy", "cloudpickle", *third_party]),
            "PROBE_DISTRIBUTIONS": json.dumps(
                [*(project.name for project in projects), "pytest", "pluggy", "cloudpickle"]
            ),
            "PROBE_ERROR": f"{projects[0].imported_as}.errors:Refused",
            "PROBE_FINDINGS": str(written),
        }
        ended = subprocess.run(
            [
                str(self.python),
                *(self._script() if as_script else ("-m", "pytest")),
                "-q",
                "-p",
                "no:cacheprovider",
                *chosen,
                *arguments,
            ],
            cwd=root,
            env={**environment, **(variables or {})},
            capture_output=True,
            text=True,
            timeout=_PYTEST_SECONDS,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return Findings(**json.loads(written.read_text(encoding="utf-8")))

    def _script(self) -> tuple[str]:
        """Written here as pip would: a clone has none."""
        script = self.folder / "bin" / "pytest"
        script.unlink(missing_ok=True)
        script.write_text("import sys\nimport pytest\nsys.exit(pytest.main())\n", encoding="utf-8")
        return (str(script),)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where projects are built and environments made."""

    base: Environment
    folder: Path
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def new_folder(self) -> Path:
        """One that nothing else uses."""
        folder = self.folder / f"case{next(self.numbers)}"
        folder.mkdir()
        return folder

    def environment(self) -> Environment:
        return self.base.clone(self.new_folder() / "venv")

    def wheel(self, root: Path) -> Path:
        """Build a project's wheel, elsewhere than in its folder."""
        folder = self.new_folder()
        pip("wheel", "--no-deps", "--wheel-dir", folder, root)
        (wheel,) = folder.glob("*.whl")
        return wheel


def make_bench(folder: Path, *, base: Path, plugin: Path) -> Bench:
    """``base`` is where the environment is that others are cloned from: the first process to come
    makes it, and those beside it wait. ``plugin`` is the root of this plugin's repository."""
    bench = Bench(base=Environment(folder=base / "environment"), folder=folder)
    base.mkdir(exist_ok=True)
    made = base / "made"
    with (base / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            shutil.rmtree(bench.base.folder, ignore_errors=True)
            _make_venv(bench.base.folder)
            bench.base.install(bench.wheel(plugin))
            made.touch()
    return bench


def pip(*arguments: str | Path) -> None:
    """Run pip; skip the test if the index cannot give what it needs."""
    ended = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "--disable-pip-version-check",
            "--quiet",
            "--no-input",
            *map(str, arguments),
        ],
        capture_output=True,
        text=True,
        timeout=_PIP_SECONDS,
        check=False,
    )
    said = ended.stdout + ended.stderr
    if ended.returncode:
        lines = [
            line.strip()
            for line in said.splitlines()
            if any(sign in line for sign in _OUT_OF_REACH)
        ]
        if lines:
            pytest.skip(f"cannot be built here: {lines[-1]}")
        raise AssertionError(said)


def _make_venv(folder: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(folder)],
        check=True,
        timeout=_PIP_SECONDS,
    )

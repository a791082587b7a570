"""Real projects, installed with pip into real virtual environments, and what a real pytest run finds there."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

PROBE = Path(__file__).with_name("probe.py")
# What pip says when the index cannot give what a build needs. Anything else that stops a build is a mistake in these tests.
_OUT_OF_REACH = ("No matching distribution found", "Could not fetch URL", "Connection", "Timeout", "Temporary failure in name resolution")
_PIP_SECONDS = 180
_PYTEST_SECONDS = 120

ERRORS = """
class Refused(Exception):
    pass
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A small project with one module of errors."""

    name: str
    """Its distribution's."""
    pyproject: str
    package: str
    """Folder of its package, from the root."""
    module: str = ""
    """Importable name of the package. Empty: the distribution's name with underscores."""
    files: Mapping[str, str] = field(default_factory=dict)
    """More files: text by path from the root."""

    @property
    def imported_as(self) -> str:
        return self.module or self.name.replace("-", "_")

    def write(self, root: Path) -> Path:
        """Lay it out, with the probe among its tests; gives the root."""
        texts = {
            "pyproject.toml": self.pyproject.format(name=self.name, module=self.imported_as),
            f"{self.package}/__init__.py": "",
            f"{self.package}/errors.py": ERRORS,
            "tests/test_probe.py": PROBE.read_text(encoding="utf-8"),
            "tests/conftest.py": "",
            **{path: text.format(name=self.name, module=self.imported_as) for path, text in self.files.items()},
        }
        for path, text in texts.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text, encoding="utf-8")
        return root


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the probe wrote down."""

    test_module: str
    """Name under which pytest imported the probe."""
    places: dict[str, dict[str, dict[str, Any]]]
    """By sender or receiver."""
    journey: dict[str, Any]
    """What became of the project's own error on its way to ``without-project``."""

    def has(self, place: str, module: str) -> bool:
        """Whether a module is importable there. If it is absent, find_spec and import both say so in Python's own way."""
        spec, imported = (self.places[place][way][module] for way in ("has_spec", "imports"))
        if imported is True:
            assert spec is True, (place, module, spec)
            return True
        assert imported == "builtins.ModuleNotFoundError", (place, module, imported)
        # find_spec imports the package above the module, and raises if that is absent.
        assert spec is False or ("." in module and spec == "builtins.ModuleNotFoundError"), (place, module, spec)
        return False

    def has_distribution(self, place: str, name: str) -> bool:
        """Whether ``importlib.metadata`` has it there, asked by its name and in the list of all."""
        version, listed = (self.places[place][way][name] for way in ("versions", "listed"))
        if listed is True:
            assert "Error" not in version, (place, name, version)
            return True
        assert version == "importlib.metadata.PackageNotFoundError", (place, name, version)
        assert listed is False, (place, name, listed)
        return False


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
        """Another one with the same distributions. Files are linked: pip replaces files and never writes into one."""
        _make_venv(folder)
        copy = Environment(folder=folder)
        shutil.copytree(self.site_packages, copy.site_packages, copy_function=os.link, dirs_exist_ok=True)
        return copy

    def install(self, *arguments: str | Path) -> None:
        pip("--python", self.python, "install", "--no-compile", *arguments)

    def probe(
        self,
        root: Path,
        *projects: Project,
        more_modules: Sequence[str] = (),
        more_distributions: Sequence[str] = (),
        arguments: Sequence[str] = ("tests",),
        script: bool = False,
        variables: Mapping[str, str] | None = None,
    ) -> Findings:
        """Run pytest in a project's folder, with ``python -m pytest`` or, as a script does, without the current folder on the path."""
        first = projects[0]
        written = root / "findings.json"
        written.unlink(missing_ok=True)
        asked = [name for project in projects for name in (project.imported_as, f"{project.imported_as}.errors")]
        environ = {name: text for name, text in os.environ.items() if not name.startswith(("PYTEST", "PYTHON", "COV_", "VIRTUAL_ENV"))}
        environ |= {
            "PROBE_MODULES": json.dumps([*asked, "test_probe", "tests.test_probe", "conftest", "pluggy", "cloudpickle", *more_modules]),
            "PROBE_DISTRIBUTIONS": json.dumps([*(project.name for project in projects), "pytest", "pluggy", *more_distributions]),
            "PROBE_ERROR": f"{first.imported_as}.errors:Refused",
            "PROBE_FINDINGS": str(written),
            "PYTHONDONTWRITEBYTECODE": "1",
            **(variables or {}),
        }
        start = [str(self._script())] if script else ["-m", "pytest"]
        ended = subprocess.run(
            [str(self.python), *start, "-q", "-p", "no:cacheprovider", *arguments],
            cwd=root,
            env=environ,
            capture_output=True,
            text=True,
            timeout=_PYTEST_SECONDS,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return Findings(**json.loads(written.read_text(encoding="utf-8")))

    def _script(self) -> Path:
        """What pip writes as ``bin/pytest``; a clone has none, since scripts name the interpreter that they were installed for."""
        script = self.folder / "bin" / "run-pytest"
        if not script.exists():
            script.write_text("import sys, pytest\nsys.exit(pytest.console_main())\n", encoding="utf-8")
        return script


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where projects are built and environments made."""

    base: Environment
    folder: Path
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    def new_folder(self) -> Path:
        """One that nothing else uses."""
        folder = self.folder / f"case{next(self.numbers)}"
        folder.mkdir()
        return folder

    def environment(self) -> Environment:
        return self.base.clone(self.new_folder() / "venv")

    def wheel(self, root: Path) -> Path:
        """Build a project's wheel, somewhere else than in its folder."""
        folder = self.new_folder()
        pip("wheel", "--no-deps", "--wheel-dir", folder, root)
        (wheel,) = folder.glob("*.whl")
        return wheel


def make_bench(folder: Path, plugin: Path) -> Bench:
    """``plugin`` is the root of this repository."""
    bench = Bench(base=Environment(folder=folder / "base"), folder=folder)
    _make_venv(bench.base.folder)
    bench.base.install(bench.wheel(plugin))
    return bench


def pip(*arguments: str | Path) -> None:
    """Run pip; skip the test if the index cannot give what it needs."""
    ended = subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", "--no-input", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=_PIP_SECONDS,
        check=False,
    )
    if ended.returncode:
        said = ended.stdout + ended.stderr
        reasons = [line.strip() for line in said.splitlines() if any(sign in line for sign in _OUT_OF_REACH)]
        if reasons:
            pytest.skip(f"cannot be built here: {reasons[-1]}")
        raise AssertionError(said)


def _make_venv(folder: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True, timeout=_PIP_SECONDS)

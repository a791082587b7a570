"""What the probe found, and how that differs from what the receivers promise."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isolation.projects import Project

PLACES = ("sender", "without-project", "with-project")
EVERYWHERE = (True, True, True)
BUT_WITHOUT_PROJECT = (True, False, True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the probe wrote down."""

    test_module: str
    """Name under which pytest imported the probe."""
    places: dict[str, dict[str, dict[str, Any]]]
    """By place: for each way to ask, the answer for each name; the type of the error where asking
    raised."""
    own_error: dict[str, Any]
    """What became of the project's own error on its way to ``without-project``."""

    def deviations(
        self, *projects: Project, installed: bool = True, third_party: tuple[str, ...] = ()
    ) -> list[str]:
        """All that is not as promised: the projects are absent in ``without-project`` alone, tests
        in both, third-party modules nowhere.

        ``installed`` is whether the projects have distributions, ``third_party`` names further
        modules that are not the project's.
        """
        return list(
            self._deviations(
                projects, installed=installed, third_party=("pluggy", "cloudpickle", *third_party)
            )
        )

    def imported_from(self, folder: Path) -> bool:
        """Whether the sender has the project's module from a file below this folder."""
        return Path(self.own_error["from_file"]).is_relative_to(folder)

    def _deviations(
        self, projects: tuple[Project, ...], *, installed: bool, third_party: tuple[str, ...]
    ) -> Iterator[str]:
        for module in [module for project in projects for module in project.modules]:
            yield from self._compare(module, self._module, BUT_WITHOUT_PROJECT)
        for module in third_party:
            yield from self._compare(module, self._module, EVERYWHERE)
        yield from self._compare(self.test_module, self._module, (True, False, False))
        for module in {"test_probe", "tests.test_probe", "conftest", "tests.conftest"} - {
            self.test_module
        }:
            # Which of these the sender can import as well differs with the import mode.
            yield from self._compare(
                module, self._module, (self._module("sender", module), False, False)
            )
        for project in projects:
            yield from self._compare(
                project.name,
                self._distribution,
                BUT_WITHOUT_PROJECT if installed else (False, False, False),
            )
        for name in ("pytest", "pluggy", "cloudpickle"):
            yield from self._compare(name, self._distribution, EVERYWHERE)
        expected = {
            "error": "builtins.ModuleNotFoundError",
            "cause": "class-not-importable",
            "arrives_with_project": True,
        }
        if not expected.items() <= self.own_error.items():
            yield f"the project's own error: {self.own_error}, expected {expected}"

    def _compare(
        self, name: str, ask: Any, expected: tuple[object, object, object]
    ) -> Iterator[str]:
        found = tuple(ask(place, name) for place in PLACES)
        if found != expected:
            yield f"{name} in {PLACES}: {found}, expected {expected}"

    def _module(self, place: str, name: str) -> object:
        """Whether it is there; all that was answered if find_spec and import do not say the same,
        each in Python's own way."""
        spec, imported = self.places[place]["has_spec"][name], self.places[place]["imports"][name]
        # find_spec imports the package above the module, which raises if that one is absent.
        specs_of_absent = (False, "builtins.ModuleNotFoundError") if "." in name else (False,)
        if (spec, imported) == (True, True):
            return True
        return (
            False
            if imported == "builtins.ModuleNotFoundError" and spec in specs_of_absent
            else (spec, imported)
        )

    def _distribution(self, place: str, name: str) -> object:
        """Whether it is there; all that was answered if its version and the list of all do not say
        the same."""
        version, listed = self.places[place]["versions"][name], self.places[place]["listed"][name]
        if listed is True and "Error" not in version:
            return True
        return (
            False
            if (version, listed) == ("importlib.metadata.PackageNotFoundError", False)
            else (version, listed)
        )

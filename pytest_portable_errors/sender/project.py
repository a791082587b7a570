"""Which modules are the project's, and what a receiver may therefore import.

Decided by files and metadata, never guessed from names. ``ProjectContext`` is what only pytest
knows; ``Project.imports`` turns it, ``sys.path`` and the installed distributions into the
``Imports`` of one receiver.
"""

from __future__ import annotations

import fnmatch
import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver.fields import dict_of
from pytest_portable_errors.receiver_names import NAMED_RECEIVERS
from pytest_portable_errors.sender.distributions import distributions_of
from pytest_portable_errors.sender.paths import (
    files_of,
    is_below_any,
    is_library_archive,
    locations,
    path_text,
    site_directories,
    standard_library,
)
from pytest_portable_errors.sender.project_context import ProjectContext

# names that a receiver tries to import at its start; each costs it a search of its path
_MOST_PROOFS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Imports:
    """What one receiver may import. Its fields are the configuration that the receiver gets; see
    ``receiver/imports.py``."""

    path: tuple[str, ...] | None
    """Its ``sys.path``. None: nothing is restricted there."""
    absent_modules: tuple[str, ...]
    """Modules that are absent by name, with everything below them."""
    absent_distributions: tuple[str, ...]
    absent_files: tuple[str, ...]
    absent_patterns: tuple[str, ...]
    """Globs of module files that are absent, outside of ``installed``."""
    absent_folder: str | None
    """Module files below it are absent, outside of ``installed``. None: there is no such folder."""
    installed: tuple[str, ...]
    """Folders of the standard library and of installed distributions."""
    site: bool
    """Whether ``site`` runs, with its ``.pth`` files."""
    present_modules: tuple[tuple[str, str | None, tuple[str, ...] | None], ...] = ()
    """Modules that are there whatever the rest says: name, file and package folders. Packages that
    they lie in are among them."""
    present_below: tuple[str, ...] = ()
    """Of these everything below is there as well."""
    setup: tuple[str, ...] = ()
    """``module:callable``, called there as the consumer does at its start."""
    python: str | None = None
    """Path of its interpreter. None: the sender's own."""
    prove: tuple[tuple[str, tuple[str, ...] | None], ...] = field(compare=False)
    """Names that must fail to import there, with the folders to look in (None: the path). Those
    known when it starts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The project as its files and metadata tell it."""

    context: ProjectContext
    distributions: tuple[str, ...]
    """Names of its distributions: editable ones, those installed from its folder, and the one that
    bears its name."""
    installed_modules: tuple[str, ...]
    """Modules of its distributions that lie in site directories as copies."""
    site_directories: tuple[str, ...]
    """Real paths."""

    def owns(self, module: str) -> bool:
        """Whether an imported module is the project's or a test's: by its file, or because an
        installed copy has that name."""
        if any(module == name or module.startswith(name + ".") for name in self.installed_modules):
            return True
        loaded = sys.modules.get(module)
        return loaded is not None and any(
            not is_below_any(file, self._installed()) for file in files_of(loaded)
        )

    def is_test(self, module: str) -> bool:
        """Whether an imported module is a test module, by its file."""
        loaded = sys.modules.get(module)
        return module == "__main__" or (
            loaded is not None and any(self._is_test_file(file) for file in files_of(loaded))
        )

    def is_test_code(self, module: str, file: str) -> bool:
        """Whether a function of that module and file is a test module's or a conftest's."""
        return self.is_test(module) or (bool(file) and self._is_test_file(os.path.realpath(file)))

    def holds(self, file: str) -> bool:
        """Whether a file (its real path) is the project's or a test's: below the root, and not
        installed."""
        return is_below_any(file, (os.path.realpath(self.context.root),)) and not is_below_any(
            file, self._installed()
        )

    def _is_test_file(self, file: str) -> bool:
        if file in self.context.collected:
            return True
        if is_below_any(file, self._installed()):
            return False
        return any(
            fnmatch.fnmatch(os.path.basename(file), pattern) for pattern in self._test_patterns()
        )

    def _test_patterns(self) -> tuple[str, ...]:
        return ("conftest.py", *self.context.python_files)

    def _installed(self) -> tuple[str, ...]:
        return (*standard_library(), *self.site_directories)

    def imports(self, receiver: str) -> Imports:
        """What the receiver may import: ``without-project``, ``stdlib``, ``with-project``, or an
        interpreter's path."""
        if receiver not in NAMED_RECEIVERS:
            return self._as_it_is(receiver)
        path = [os.path.abspath(entry) for entry in map(path_text, sys.path) if entry is not None]
        with_project = receiver == "with-project"
        if not with_project:
            folders = standard_library() if receiver == "stdlib" else self._installed()
            path = [
                entry
                for entry in path
                if is_below_any(os.path.realpath(entry), folders) or is_library_archive(entry)
            ]
        if receiver == "stdlib":
            path = [
                entry
                for entry in path
                if not is_below_any(os.path.realpath(entry), self.site_directories)
            ]
        tests, project = self._loaded()
        absent = {
            **_at_top(tests),
            **_at_top(project),
            **dict.fromkeys(name for name in self.installed_modules if "." not in name),
        }
        present = _present(self.context.installed)
        declared = self.context.absent
        # Packages of the project that are there for the sake of a part: what else lies in them
        # stays absent, wherever they lie.
        opened = [
            n
            for n, file, _ in present
            if not with_project
            and file
            and not is_below_any(os.path.realpath(file), self._installed())
        ]
        absent.update(
            (name, folders)
            for name, folders in project.items()
            if name.rpartition(".")[0] in opened
        )
        prove = {
            **(tests if with_project else absent),
            **dict.fromkeys(name for name in declared if "." not in name),
        }
        return Imports(
            path=tuple(dict.fromkeys(path)),
            absent_modules=(
                "__main__",
                *declared,
                *(() if with_project else self.installed_modules),
                *opened,
            ),
            absent_distributions=() if with_project else self.distributions,
            # Without the project, everything below the root is absent anyhow.
            absent_files=tuple(
                sorted(
                    f
                    for f in self.context.collected
                    if with_project or is_below_any(f, self._installed())
                )
            ),
            absent_patterns=self._test_patterns(),
            absent_folder=None if with_project else os.path.realpath(self.context.root),
            installed=self._installed(),
            site=with_project,
            present_modules=tuple(present),
            present_below=self.context.installed,
            setup=self.context.receiver_setup if with_project else (),
            prove=tuple(
                (name, folders)
                for name, folders in prove.items()
                if not self._is_present(name, present)
            )[:_MOST_PROOFS],
        )

    def _is_present(
        self, name: str, present: list[tuple[str, str | None, tuple[str, ...] | None]]
    ) -> bool:
        return any(name == entry[0] for entry in present) or any(
            name.startswith(f"{above}.") for above in self.context.installed
        )

    def _as_it_is(self, python: str) -> Imports:
        return Imports(
            path=None,
            absent_modules=(),
            absent_distributions=(),
            absent_files=(),
            absent_patterns=(),
            absent_folder=None,
            installed=(),
            site=True,
            setup=self.context.receiver_setup,
            python=python,
            prove=(),
        )

    def _loaded(
        self,
    ) -> tuple[dict[str, tuple[str, ...] | None], dict[str, tuple[str, ...] | None]]:
        """Loaded modules of the tests and of the rest of the project, with the folders of those
        that lie in a package."""
        tests: dict[str, tuple[str, ...] | None] = {}
        project: dict[str, tuple[str, ...] | None] = {}
        for name, module in sorted(sys.modules.items()):
            # Most modules are skipped here, without a look at the disk.
            files = (
                []
                if name == "__main__"
                or is_below_any(str(dict_of(module).get("__file__")), self._installed())
                else files_of(module)
            )
            if files and not is_below_any(files[0], self._installed()):
                kind = tests if self._is_test_file(files[0]) else project
                kind[name] = (os.path.dirname(files[0]),) if "." in name else None
        return tests, project


def find_project(context: ProjectContext) -> Project:
    """The project, with what the installed metadata say of it."""
    root = (os.path.realpath(context.root),)
    # In a repository of several projects the tests' folders tell which are meant.
    folders = {
        context.root,
        *(Path(file).parent for file in context.collected if is_below_any(file, root)),
    }
    names, modules = distributions_of(context.root, folders)
    return Project(
        context=context,
        distributions=tuple(sorted(set(names))),
        installed_modules=tuple(sorted(set(modules))),
        site_directories=site_directories(),
    )


def _present(names: tuple[str, ...]) -> list[tuple[str, str | None, tuple[str, ...] | None]]:
    """Name, file and package folders of these modules, and of the packages that they lie in."""
    try:
        found = locations(names)
    except PortableErrorsError as error:
        raise PortableErrorsError(f"portable_errors_installed: {error}") from error
    return [
        (name, file, None if folders is None else tuple(folders))
        for name, (file, folders) in found.items()
    ]


def _at_top(names: dict[str, tuple[str, ...] | None]) -> dict[str, tuple[str, ...] | None]:
    return {name.partition(".")[0]: None for name in names}

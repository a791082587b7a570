"""Which modules are the project's, and what a receiver may therefore import.

Files and metadata decide that; nothing is guessed from names. ``ProjectContext`` holds what only
pytest knows. ``Project.imports`` turns it, ``sys.path`` and the installed distributions into the
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

# Names that a receiver tries to import at its start; for each it searches its path.
_MOST_PROOFS = 300

Folders = tuple[str, ...] | None
"""The folders that a package's modules lie in; None for a module that is no package, or that is
looked for on the path."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imports:
    """What one receiver may import: the configuration that ``receiver/imports.py`` obeys."""

    path: tuple[str, ...] | None
    """Its ``sys.path``. None: nothing is restricted there."""
    absent_modules: tuple[str, ...]
    """Dotted names of modules that are absent, with everything below them."""
    absent_distributions: tuple[str, ...]
    """Names of distributions that ``importlib.metadata`` does not find there."""
    absent_files: tuple[str, ...]
    """Real paths of module files that are absent, also in ``installed``."""
    absent_patterns: tuple[str, ...]
    """Globs of module files that are absent, outside of ``installed``."""
    absent_folder: str | None
    """Module files below it are absent, outside of ``installed``. None: there is no such folder."""
    installed: tuple[str, ...]
    """Real paths of the folders of the standard library and of installed distributions."""
    site: bool
    """Whether ``site`` runs, with its ``.pth`` files."""
    present_modules: tuple[tuple[str, str | None, Folders], ...] = ()
    """Modules that are there whatever the other fields say: name, file (None for a namespace
    package) and package folders (None for no package). Packages that they lie in are among them."""
    present_below: tuple[str, ...] = ()
    """Modules below which everything is there as well."""
    setup: tuple[str, ...] = ()
    """``module:callable``, called there as the consumer does at its start."""
    python: str | None = None
    """Path of its interpreter. None: the sender's own."""
    prove: tuple[tuple[str, Folders], ...] = field(compare=False)
    """Names that must fail to import there, with the folders to look in (None: the path). They are
    those that are known when it starts, so two receivers do not differ by them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """The project around the tests, as its files and the installed metadata describe it."""

    context: ProjectContext
    distributions: tuple[str, ...]
    """Names of its distributions, sorted: editable ones, those installed from its folder, and the
    one that bears its name."""
    installed_modules: tuple[str, ...]
    """Dotted names of the modules that the metadata of its distributions list, sorted: those that
    lie in site directories as copies."""
    site_directories: tuple[str, ...]
    """Real paths of the folders that distributions are installed in."""

    def owns(self, module: str) -> bool:
        """Whether a module is the project's or a test's, by its distribution or its file.

        Args:
            module: Its dotted name. One that is not imported has no file, and is owned only where
                a distribution of the project brings it.
        """
        if any(module == name or module.startswith(name + ".") for name in self.installed_modules):
            return True
        loaded = sys.modules.get(module)
        return loaded is not None and any(
            not is_below_any(file, self._installed()) for file in files_of(loaded)
        )

    def is_test(self, module: str) -> bool:
        """Whether an imported module is a test module, by its file; ``__main__`` counts as one."""
        loaded = sys.modules.get(module)
        return module == "__main__" or (
            loaded is not None and any(self._is_test_file(file) for file in files_of(loaded))
        )

    def is_test_code(self, module: str, file: str) -> bool:
        """Whether a function is written in a test module or conftest.

        Args:
            module: Dotted name of its module.
            file: Path of the file that it is written in; empty if there is none.
        """
        return self.is_test(module) or (bool(file) and self._is_test_file(os.path.realpath(file)))

    def holds(self, file: str) -> bool:
        """Whether a file, given by its real path, lies below the root and is not installed."""
        return is_below_any(file, (os.path.realpath(self.context.root),)) and not is_below_any(
            file, self._installed()
        )

    def holds_module(self, module: str) -> bool:
        """Whether a file of an imported module lies below the root and is not installed."""
        loaded = sys.modules.get(module)
        return loaded is not None and any(map(self.holds, files_of(loaded)))

    def _is_test_file(self, file: str) -> bool:
        """Whether a file (real path) was collected, or is not installed and named as a test is."""
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
        """Decide what a receiver may import, by ``sys.path`` and ``sys.modules`` as they are now.

        Args:
            receiver: ``without-project``, ``stdlib``, ``with-project``, or the path of an
                interpreter, where nothing is restricted.

        Raises:
            PortableErrorsError: A module of ``portable_errors_installed`` cannot be imported here.
        """
        if receiver not in NAMED_RECEIVERS:
            return self._unrestricted(receiver)
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
        tests, project = self._loaded_modules()
        absent = {
            **_top_names(tests),
            **_top_names(project),
            **dict.fromkeys(name for name in self.installed_modules if "." not in name),
        }
        present = _present_modules(self.context.installed)
        declared = self.context.absent
        # Packages of the project that are present for the sake of a part. Whatever else lies in
        # them stays absent, wherever they lie.
        partly_present = [
            name
            for name, file, _ in present
            if not with_project
            and file
            and not is_below_any(os.path.realpath(file), self._installed())
        ]
        absent.update(
            (name, folders)
            for name, folders in project.items()
            if name.rpartition(".")[0] in partly_present
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
                *partly_present,
            ),
            absent_distributions=() if with_project else self.distributions,
            # Without the project everything below the root is absent anyhow.
            absent_files=tuple(
                sorted(
                    file
                    for file in self.context.collected
                    if with_project or is_below_any(file, self._installed())
                )
            ),
            absent_patterns=self._test_patterns(),
            absent_folder=None if with_project else os.path.realpath(self.context.root),
            installed=self._installed(),
            site=with_project,
            present_modules=tuple(present),
            present_below=self.context.installed,
            setup=self._setup() if with_project else (),
            prove=tuple(
                (name, folders)
                for name, folders in prove.items()
                if not self._is_present(name, present)
            )[:_MOST_PROOFS],
        )

    def _setup(self) -> tuple[str, ...]:
        django = ("django:setup",) if self.context.django_setup else ()
        return (*django, *self.context.receiver_setup)

    def _is_present(self, name: str, present: list[tuple[str, str | None, Folders]]) -> bool:
        return any(name == entry[0] for entry in present) or any(
            name.startswith(f"{above}.") for above in self.context.installed
        )

    def _unrestricted(self, python: str) -> Imports:
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

    def _loaded_modules(self) -> tuple[dict[str, Folders], dict[str, Folders]]:
        """Loaded modules of the tests, and of the rest of the project: ``(tests, project)``.

        Each has the folder to look for it in; None for one at the top, which is looked for on the
        path.
        """
        tests: dict[str, Folders] = {}
        project: dict[str, Folders] = {}
        for name, module in sorted(sys.modules.items()):
            # Most modules are skipped here, without looking at the disk.
            files = (
                []
                if name == "__main__"
                or is_below_any(str(dict_of(module).get("__file__")), self._installed())
                else files_of(module)
            )
            if files and not is_below_any(files[0], self._installed()):
                modules = tests if self._is_test_file(files[0]) else project
                modules[name] = (os.path.dirname(files[0]),) if "." in name else None
        return tests, project


def find_project(context: ProjectContext) -> Project:
    """Find the project around the tests; reads the metadata of everything that is installed."""
    root = (os.path.realpath(context.root),)
    # In a repository of several projects the folders of the tests tell which are meant.
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


def _present_modules(names: tuple[str, ...]) -> list[tuple[str, str | None, Folders]]:
    """Name, file and package folders of these modules, and of the packages that they lie in."""
    try:
        located = locations(names)
    except PortableErrorsError as error:
        raise PortableErrorsError(f"portable_errors_installed: {error}") from error
    return [
        (name, file, None if folders is None else tuple(folders))
        for name, (file, folders) in located.items()
    ]


def _top_names(names: dict[str, Folders]) -> dict[str, Folders]:
    """The names at the top of these modules' packages, to be looked for on the path."""
    return {name.partition(".")[0]: None for name in names}

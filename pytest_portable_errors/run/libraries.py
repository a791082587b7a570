"""The libraries that a run surveys: which they are, and what was found of each.

Several are surveyed at once, each in a process of its own. What is cached is not surveyed again.
"""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

from pytest_portable_errors.judging.declarations import Declarations
from pytest_portable_errors.receiver.imports import normalized
from pytest_portable_errors.report.libraries import KeptLibrary, counts_of
from pytest_portable_errors.run.library_cache import LibraryCache, cache_folder
from pytest_portable_errors.run.library_process import asked_of, named_below, survey_library
from pytest_portable_errors.run.options import Options
from pytest_portable_errors.run.reducers_place import reducers_place
from pytest_portable_errors.sender.unpatched import UNPATCHED
from pytest_portable_errors.survey.named_classes import classes_named, names_in_project
from pytest_portable_errors.survey.requirements import Dependency, dependencies_of, modules_in


class FoundLibrary(NamedTuple):
    """What a run has found of a library, in its cache or by a survey."""

    kept: KeptLibrary
    repaired: Sequence[tuple[str, str]] = ()
    """As of ``Surveyed``: what fixes are proved on. Empty where the cache had it."""


class Libraries:
    """The libraries of one run."""

    def __init__(
        self, options: Options, declared: Callable[[], Declarations], *, at_once: int | None = None
    ) -> None:
        """Find none yet.

        Args:
            options: Those of the run.
            declared: Gives what the project declares.
            at_once: How many are surveyed at the same time; None: as many as there are cores.
        """
        self._options = options
        self._declared = declared
        self._at_once = at_once or UNPATCHED.cores
        self._pool: ThreadPoolExecutor | None = None
        self._found: dict[str, Future[FoundLibrary]] = {}
        self._by_name: dict[str, Dependency] = {}
        self._running: set[subprocess.Popen[bytes]] = set()

    @functools.cached_property
    def names(self) -> dict[str, str]:
        """The classes that the project's code names, and where; see ``names_in_project``."""
        return names_in_project(Path(self._options.root))

    def dependencies(self) -> list[Dependency]:
        """What the project requires, sorted by name.

        Raises:
            PortableErrorsError: Nothing says what it requires.
        """
        found = dependencies_of(Path(self._options.root), depth=self._options.survey_depth)
        self._by_name = {normalized(one.name): one for one in found}
        return found

    def begin(self, names: Iterable[str]) -> None:
        """Have libraries surveyed, in this order, without waiting for any.

        Args:
            names: Names of dependencies; each is surveyed once.
        """
        pool = self._pool = self._pool or ThreadPoolExecutor(self._at_once)
        for name in names:
            key = normalized(name)
            if key not in self._found:
                self._found[key] = pool.submit(self._surveyed, self._by_name[key])

    def result(self, name: str) -> FoundLibrary:
        """Wait until a library is surveyed; what was found of it."""
        if normalized(name) not in self._found:
            self.begin([name])
        return self._found[normalized(name)].result()

    def close(self) -> None:
        """End what still runs, and wait for that."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            for process in list(self._running):
                UNPATCHED.kill_tree(process)
            self._pool.shutdown()

    def _surveyed(self, dependency: Dependency) -> FoundLibrary:
        # What fixes are proved with are payloads, which no cache may hold: they are code.
        if self._cache is not None and self._options.fixes == "none":
            known = self._cache.get(dependency, self.names)
            if known is not None:
                return FoundLibrary(kept=known)
        modules = modules_in(dependency)
        named = named_below(modules, self.names)
        surveyed = survey_library(
            dependency, self._asked, modules=modules, named=named, running=self._running
        )
        library = surveyed.library
        of_named = classes_named(library["classes"], self.names)
        kept = KeptLibrary(
            row=counts_of(library),
            classes=[one for one in library["classes"] if one["cls"] in of_named],
        )
        if self._cache is not None and not library["is_cut"]:
            self._cache.put(dependency, kept, modules=modules, named=named)
        return FoundLibrary(kept=kept, repaired=surveyed.repaired)

    @functools.cached_property
    def _asked(self) -> dict[str, object]:
        file, _ = reducers_place(self._options)
        text = file.read_text(encoding="utf-8") if file.is_file() else ""
        return asked_of(self._options, self._declared(), reducers=(str(file), text))

    @functools.cached_property
    def _cache(self) -> LibraryCache | None:
        return LibraryCache(cache_folder(), self._asked) if self._options.uses_cache else None

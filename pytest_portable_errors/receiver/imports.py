"""What may be imported in this interpreter.

A blocked module is absent as if it had never been installed: every path-based finder is wrapped so
that its ``find_spec`` gives None, which ends in Python's own ``ModuleNotFoundError``. A finder that
raised instead would be visible to code that probes with ``find_spec``.
"""

import fnmatch
import importlib
import importlib.machinery
import importlib.util
import os
import re
import sys
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

# Distribution names are equal after this (PEP 503).
_SEPARATORS = re.compile(r"[-_.]+")


class Rules:
    """Which modules and distributions are absent here, as the sender decided (see
    ``sender/project.py``)."""

    def __init__(self, config: Dict[str, Any]) -> None:
        self.modules = frozenset(config["absent_modules"])
        self.distributions = frozenset(map(normalized, config["absent_distributions"]))
        self.files = frozenset(config["absent_files"])
        self.patterns: Sequence[str] = config["absent_patterns"]
        self.folder: Optional[str] = config["absent_folder"]
        self.installed: Sequence[str] = config["installed"]
        # Set against the rules: exactly these modules, and everything below some of them.
        self.present: Dict[str, Any] = {
            name: (file, folders) for name, file, folders in config["present_modules"]
        }
        # This package, too: it is a part of the project where the plugin is the project.
        self.present_below: Sequence[str] = [*config["present_below"], __name__.rpartition(".")[0]]
        self.needs: Dict[str, Any] = {}

    def is_present(self, name: str) -> bool:
        """Whether the module is there whatever the other rules say."""
        return any(name == above or name.startswith(above + ".") for above in self.present_below)

    def is_absent_name(self, name: str) -> bool:
        """Whether the module, or a package above it, is absent by name."""
        while name:
            if name in self.modules:
                return True
            name = name.rpartition(".")[0]
        return False

    def is_absent_file(self, origin: Optional[str]) -> bool:
        """Whether a module is absent because of the file that it would come from."""
        if origin is None or origin in ("built-in", "frozen"):
            return False
        file = os.path.realpath(origin)
        if file in self.files:
            return True
        if any(_is_below(file, folder) for folder in self.installed):
            return False
        return (self.folder is not None and _is_below(file, self.folder)) or any(
            _matches(file, pattern) for pattern in self.patterns
        )


class Filtered:
    """A finder that does not find what is absent; in everything else the finder that it wraps."""

    def __init__(self, finder: Any, rules: Rules) -> None:
        self._finder = finder
        self._rules = rules

    def find_spec(
        self, name: str, path: object = None, target: object = None
    ) -> Optional[importlib.machinery.ModuleSpec]:
        needed = self._rules.needs.get(name) or self._rules.present.get(name)
        if needed is not None:
            if needed[0] is not None:
                return importlib.util.spec_from_file_location(
                    name, needed[0], submodule_search_locations=needed[1]
                )
            namespace = importlib.machinery.ModuleSpec(name, None, is_package=True)
            namespace.submodule_search_locations = list(needed[1])
            return namespace
        is_present = self._rules.is_present(name)
        if not is_present and self._rules.is_absent_name(name):
            return None
        spec: Optional[importlib.machinery.ModuleSpec] = self._finder.find_spec(name, path, target)
        return (
            None
            if spec is not None and not is_present and self._rules.is_absent_file(spec.origin)
            else spec
        )

    def find_distributions(self, *args: object, **kwargs: object) -> Iterator[object]:
        # Without this method importlib.metadata would see no distribution at all.
        for distribution in getattr(self._finder, "find_distributions", lambda *_, **__: ())(
            *args, **kwargs
        ):
            if normalized(distribution.metadata["Name"] or "") not in self._rules.distributions:
                yield distribution

    def __getattr__(self, name: str) -> object:
        return getattr(self._finder, name)


def restrict(config: Dict[str, Any]) -> Rules:
    """Set ``sys.path`` and put the rules before every finder that looks at files. With a ``path``
    of None there is nothing to restrict."""
    rules = Rules(config)
    if config["path"] is None:
        return rules  # the interpreter was asked for as it is
    sys.path[:] = config["path"]
    # without site, a virtual environment's is not known
    sys.prefix, sys.exec_prefix = config["prefix"], config["exec_prefix"]
    own = (importlib.machinery.BuiltinImporter, importlib.machinery.FrozenImporter)
    sys.meta_path[:] = [
        finder if finder in own else Filtered(finder, rules) for finder in sys.meta_path
    ]
    importlib.invalidate_caches()
    return rules


def prove(names: Sequence[Tuple[str, Optional[List[str]]]], rules: Rules) -> Dict[str, str]:
    """Try to import what must be absent; give what was found all the same, with its file.

    A name at the top is really imported. One inside a package (``(name, folders)``) is looked for
    in these folders, because an import would run the package. A module of that name that an
    installed distribution brings is that distribution's, and no leak.
    """
    leaks = {}
    for name, folders in names:
        try:
            spec = importlib.util.find_spec(name) if folders is None else _find_below(name, folders)
        except (ImportError, ValueError):
            continue  # ValueError: already imported, and without a spec
        if spec is None and folders is None:
            try:
                module = importlib.import_module(name)
            except ImportError:
                continue
            leaks[name] = str(getattr(module, "__file__", "?"))
        elif spec is not None and not _is_installed(spec, rules):
            leaks[name] = str(spec.origin or list(spec.submodule_search_locations or ()))
    return leaks


def _find_below(name: str, folders: List[str]) -> Optional[importlib.machinery.ModuleSpec]:
    for finder in sys.meta_path:
        spec = finder.find_spec(name, folders)
        if spec is not None:
            return spec
    return None


def _is_installed(spec: importlib.machinery.ModuleSpec, rules: Rules) -> bool:
    if spec.origin in ("built-in", "frozen"):
        return True
    found = [spec.origin] if spec.origin else list(spec.submodule_search_locations or ())
    return all(
        any(_is_below(os.path.realpath(file), folder) for folder in rules.installed)
        for file in found
    )


def normalized(distribution: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return _SEPARATORS.sub("-", distribution).lower()


def _matches(file: str, pattern: str) -> bool:
    """As pytest matches ``python_files``: against the whole path if the pattern has a separator,
    otherwise against the name."""
    if os.sep in pattern:
        return fnmatch.fnmatch(
            file, pattern if pattern.startswith(os.sep) else "*" + os.sep + pattern
        )
    return fnmatch.fnmatch(os.path.basename(file), pattern)


def _is_below(file: str, folder: str) -> bool:
    return file == folder or file.startswith(folder.rstrip(os.sep) + os.sep)

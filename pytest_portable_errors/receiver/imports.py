"""What may be imported in this interpreter.

An absent module is absent as if it had never been installed: every path-based finder is wrapped so
that its ``find_spec`` returns None, which ends in Python's own ``ModuleNotFoundError``. Code that
probes with ``find_spec`` would notice a finder that raised instead.
"""

import fnmatch
import importlib
import importlib.machinery
import importlib.util
import os
import re
import sys
from typing import Any, Dict, Iterator, List, Optional, Sequence, Tuple

# Runs of these in names of distributions are all the same (PEP 503).
_SEPARATORS = re.compile(r"[-_.]+")


class Rules:
    """Which modules and distributions are absent here, as the sender decided.

    Args:
        config: The fields of ``Imports`` in ``sender/project.py``, which says what each means.
    """

    def __init__(self, config: Dict[str, Any]) -> None:
        self.modules = frozenset(config["absent_modules"])
        self.distributions = frozenset(map(normalized, config["absent_distributions"]))
        self.files = frozenset(config["absent_files"])
        self.patterns: Sequence[str] = config["absent_patterns"]
        self.folder: Optional[str] = config["absent_folder"]
        self.installed: Sequence[str] = config["installed"]
        # Set against the rules: exactly these modules, and everything below some of them. Each has
        # its file (None: a namespace package) and its package folders (None: no package).
        self.present: Dict[str, Any] = {
            name: (file, folders) for name, file, folders in config["present_modules"]
        }
        # This package as well: it is a part of the project where the plugin is the project.
        self.present_below: Sequence[str] = [*config["present_below"], __name__.rpartition(".")[0]]
        self.needs: Dict[str, Any] = {}
        """What the serializer of the current check needs; as ``present``, and set before each."""

    def is_present(self, name: str) -> bool:
        """Whether the module is there whatever the other rules say: ``name`` or a package above."""
        return any(name == above or name.startswith(above + ".") for above in self.present_below)

    def is_absent_name(self, name: str) -> bool:
        """Whether the module, or a package above it, is absent by name."""
        while name:
            if name in self.modules:
                return True
            name = name.rpartition(".")[0]
        return False

    def is_absent_file(self, origin: Optional[str]) -> bool:
        """Whether a module is absent because of the file that it would come from.

        Args:
            origin: ``origin`` of its spec. None: it has no file, and is not absent for that.
        """
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
    """A finder that does not find what is absent; in everything else the finder that it wraps.

    Args:
        finder: A path-based entry of ``sys.meta_path``.
        rules: What is absent, and what is present against that.
    """

    def __init__(self, finder: Any, rules: Rules) -> None:
        self._finder = finder
        self._rules = rules

    def find_spec(
        self, name: str, path: object = None, target: object = None
    ) -> Optional[importlib.machinery.ModuleSpec]:
        """The module's spec; None if it is absent, or not found.

        Arguments and result are those of ``importlib.abc.MetaPathFinder.find_spec``.
        """
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
        """The distributions that the finder finds, without those that are absent.

        Arguments are those of ``importlib.metadata.DistributionFinder.find_distributions``. Without
        this method importlib.metadata would see no distribution at all.
        """
        for distribution in getattr(self._finder, "find_distributions", lambda *_, **__: ())(
            *args, **kwargs
        ):
            if normalized(distribution.metadata["Name"] or "") not in self._rules.distributions:
                yield distribution

    def __getattr__(self, name: str) -> object:
        return getattr(self._finder, name)


def restrict(config: Dict[str, Any]) -> Rules:
    """Set ``sys.path`` and put the rules before every finder that looks at files.

    Args:
        config: The receiver's first message. With a ``path`` of None nothing is restricted.

    Returns:
        The rules, whether they were put in place or not.
    """
    rules = Rules(config)
    if config["path"] is None:
        return rules  # the user wants this interpreter as it is
    sys.path[:] = config["path"]
    # Without site, Python does not know the prefix of a virtual environment.
    sys.prefix, sys.exec_prefix = config["prefix"], config["exec_prefix"]
    own = (importlib.machinery.BuiltinImporter, importlib.machinery.FrozenImporter)
    sys.meta_path[:] = [
        finder if finder in own else Filtered(finder, rules) for finder in sys.meta_path
    ]
    importlib.invalidate_caches()
    return rules


def prove(names: Sequence[Tuple[str, Optional[List[str]]]], rules: Rules) -> Dict[str, str]:
    """Try to import what must be absent.

    A module of such a name that an installed distribution brings is that distribution's, and no
    leak.

    Args:
        names: Modules and folders. With folders, the module is looked for there, because an import
            would run the package that it lies in. None: it is at the top, and is really imported
            unless a finder finds it.
        rules: What may be imported here.

    Returns:
        What can be imported all the same: names, with the file or the folders of each.
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
    """Whether a module is built-in, frozen, or lies below an installed folder."""
    if spec.origin in ("built-in", "frozen"):
        return True
    locations = [spec.origin] if spec.origin else list(spec.submodule_search_locations or ())
    return all(
        any(_is_below(os.path.realpath(location), folder) for folder in rules.installed)
        for location in locations
    )


def normalized(distribution: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return _SEPARATORS.sub("-", distribution).lower()


def _matches(file: str, pattern: str) -> bool:
    """Whether a pattern matches a file, as pytest matches ``python_files``.

    A pattern with a separator is matched against the whole path, another against the name.
    """
    if os.sep in pattern:
        return fnmatch.fnmatch(
            file, pattern if pattern.startswith(os.sep) else "*" + os.sep + pattern
        )
    return fnmatch.fnmatch(os.path.basename(file), pattern)


def _is_below(file: str, folder: str) -> bool:
    return file == folder or file.startswith(folder.rstrip(os.sep) + os.sep)

"""Where the standard library, installed distributions and modules lie on disk."""

from __future__ import annotations

import functools
import glob
import importlib.machinery
import importlib.util
import os
import site
import sys
import sysconfig
from collections.abc import Iterable
from typing import Any

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver.fields import dict_of


@functools.lru_cache(maxsize=1)
def standard_library() -> tuple[str, ...]:
    """Real paths of the folders of the standard library, sorted."""
    paths = sysconfig.get_paths()
    folders = {
        paths["stdlib"],
        paths["platstdlib"],
        os.path.dirname(os.__file__),
        sysconfig.get_config_var("DESTSHARED") or paths["stdlib"],
    }
    return tuple(sorted(map(os.path.realpath, folders)))


def is_library_archive(entry: str) -> bool:
    """Whether an entry of ``sys.path`` is the standard library as one file: ``python311.zip``."""
    return os.path.basename(entry) == "python{}{}.zip".format(*sys.version_info)


def site_directories() -> tuple[str, ...]:
    """Real paths of the folders that distributions are installed in, sorted.

    An entry of ``sys.path`` that holds ``*.dist-info`` is one, too (``pip install --target``).
    """
    folders = {
        *site.getsitepackages(),
        sysconfig.get_path("purelib"),
        sysconfig.get_path("platlib"),
    }
    if site.ENABLE_USER_SITE:
        folders.add(site.getusersitepackages())
    folders.update(
        entry
        for entry in sys.path
        if entry and glob.glob(os.path.join(glob.escape(entry), "*.dist-info"))
    )
    return tuple(sorted(map(os.path.realpath, folders)))


def is_below_any(file: str, folders: tuple[str, ...]) -> bool:
    """Whether a file is one of these folders, or lies in one. All are real paths."""
    return any(file == folder or file.startswith(folder + os.sep) for folder in folders)


def files_of(module: object) -> list[str]:
    """Real paths of a module's file, or of a namespace package's folders; [] if it has neither."""
    stored = dict_of(module)  # past the __getattr__ of modules that load lazily
    file = stored.get("__file__")
    if isinstance(file, str):
        return [_real_path(file)]
    try:
        return [
            _real_path(folder) for folder in stored.get("__path__", ()) if isinstance(folder, str)
        ]
    except Exception:  # any object may stand in sys.modules
        return []


# Kept, because it is called for each exception, and looks at every folder above the file.
@functools.lru_cache(maxsize=4096)
def _real_path(file: str) -> str:
    return os.path.realpath(file)


def path_text(entry: Any) -> str | None:
    """Return an entry of ``sys.path`` as text.

    The empty entry stands for the current folder. None for what is no path, and where the current
    folder is gone.
    """
    try:
        return os.fspath(entry) or os.getcwd()  # fspath, because tests put Paths there
    except (TypeError, OSError):
        return None


def locations(names: Iterable[str]) -> dict[str, tuple[str | None, list[str] | None]]:
    """Find modules, and the packages that they lie in; these packages are imported for that.

    Args:
        names: Dotted names.

    Returns:
        By dotted name, packages first: ``(file, folders)``. The file is None for a namespace
        package, the folders are None for a module that is no package.

    Raises:
        PortableErrorsError: One of them cannot be imported here.
    """
    located: dict[str, tuple[str | None, list[str] | None]] = {}
    for dotted in names:
        parts = dotted.split(".")
        for name in (".".join(parts[: n + 1]) for n in range(len(parts))):
            try:
                spec = importlib.util.find_spec(name)
            except ImportError:
                spec = None
            except ValueError:  # the module is loaded, and has no spec (kombu's)
                _, package_folders = located.get(name.rpartition(".")[0], (None, None))
                spec = importlib.machinery.PathFinder.find_spec(name, package_folders)
            if spec is None:
                raise PortableErrorsError(f"{dotted!r} cannot be imported here")
            folders = spec.submodule_search_locations
            located[name] = (
                spec.origin if spec.has_location else None,
                None if folders is None else list(folders),
            )
    return located

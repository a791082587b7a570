"""Where things lie: the standard library, site directories, modules."""

from __future__ import annotations

import functools
import glob
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
    """Real paths of its folders."""
    paths = sysconfig.get_paths()
    folders = {
        paths["stdlib"],
        paths["platstdlib"],
        os.path.dirname(os.__file__),
        sysconfig.get_config_var("DESTSHARED") or paths["stdlib"],
    }
    return tuple(sorted(map(os.path.realpath, folders)))


def is_library_archive(entry: str) -> bool:
    """Whether an entry of ``sys.path`` is the standard library as one file."""
    return os.path.basename(entry) == "python{}{}.zip".format(*sys.version_info)


def site_directories() -> tuple[str, ...]:
    """Where distributions are installed. Also a folder that holds ``*.dist-info`` (``pip install
    --target``)."""
    known = {*site.getsitepackages(), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    if site.ENABLE_USER_SITE:
        known.add(site.getusersitepackages())
    known.update(
        entry
        for entry in sys.path
        if entry and glob.glob(os.path.join(glob.escape(entry), "*.dist-info"))
    )
    return tuple(sorted(map(os.path.realpath, known)))


def is_below_any(file: str, folders: tuple[str, ...]) -> bool:
    """Whether a file is one of these folders, or lies in one. All are real paths."""
    return any(file == folder or file.startswith(folder + os.sep) for folder in folders)


def files_of(module: object) -> list[str]:
    """Real paths of a module's file, or of a namespace package's folders."""
    names = dict_of(module)  # past the __getattr__ of modules that load lazily
    file = names.get("__file__")
    if isinstance(file, str):
        return [_real(file)]
    try:
        return [_real(folder) for folder in names.get("__path__", ()) if isinstance(folder, str)]
    except Exception:  # any object may stand in sys.modules
        return []


# asked for each exception, and each answer takes a look at every folder above
@functools.lru_cache(maxsize=4096)
def _real(file: str) -> str:
    return os.path.realpath(file)


def path_text(entry: Any) -> str | None:
    """An entry of ``sys.path`` as text; None for what is no path, and for the current folder where
    there is none any more."""
    try:
        return os.fspath(entry) or os.getcwd()  # tests put Paths there
    except (TypeError, OSError):
        return None


def locations(names: Iterable[str]) -> dict[str, tuple[str | None, list[str] | None]]:
    """File and package folders of these modules, and of the packages that they lie in (a namespace
    has no file).

    Raises PortableErrorsError for one that cannot be imported here.
    """
    found: dict[str, tuple[str | None, list[str] | None]] = {}
    for dotted in names:
        parts = dotted.split(".")
        for name in (".".join(parts[: n + 1]) for n in range(len(parts))):
            try:
                spec = importlib.util.find_spec(name)
            except ImportError:
                spec = None
            except ValueError:  # it is loaded, and has no spec (kombu's)
                above = found.get(name.rpartition(".")[0], (None, None))
                spec = importlib.machinery.PathFinder.find_spec(name, above[1])
            if spec is None:
                raise PortableErrorsError(f"{dotted!r} cannot be imported here")
            folders = spec.submodule_search_locations
            found[name] = (
                spec.origin if spec.has_location else None,
                None if folders is None else list(folders),
            )
    return found

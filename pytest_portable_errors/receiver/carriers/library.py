"""Finds the functions of a carrier's library by their names, in both processes.

Where a release has moved one of them, nothing else is tried: another way to carry an error would be
a guess.
"""

import importlib
from typing import Any


class Moved(ImportError):
    """A library has no such function, in the version that is installed."""


def find(distribution: str, module: str, name: str) -> Any:
    """Return what a module of a library has under a name.

    Args:
        distribution: What brings the module, as pip names it; empty for the standard library.
        module: The module's dotted name.
        name: A name in it, or a path of names: ``Daemon._sendExceptionResponse``.

    Raises:
        Moved: The module is not there, or has nothing of that name. The text names the version that
            is installed.
    """
    try:
        found: Any = importlib.import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except Exception as error:  # what a library meets that lacks a part of itself
        # Without the path of the file, which an ImportError ends in.
        missing = " ({})".format(str(error).split(" (")[0]) if type(error) is ImportError else ""
        raise Moved(
            "{} has no {}.{}, which carries errors in the versions that are known{}".format(
                installed(distribution), module, name, missing
            )
        ) from error
    return found


def installed(distribution: str) -> str:
    """A distribution with its version, ``ray 2.60.0``; for the standard library, Python's."""
    import platform
    from importlib import metadata

    if not distribution:
        return "{} {}".format(platform.python_implementation(), platform.python_version())
    try:
        return "{} {}".format(distribution, metadata.version(distribution))
    except metadata.PackageNotFoundError:
        return distribution

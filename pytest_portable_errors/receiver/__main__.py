"""Starts the fresh interpreter: ``python -I -S <this folder> fork``.

Requests come on its standard input, and answers go to its standard output. The first message is
what may be imported here (see ``sender/project.py``); the answer says whether the absent modules
really are absent.
"""

import os
import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from typing import List

PACKAGE = "_portable_errors_receiver"  # not our own name: a payload may import the real package


def _load_package() -> None:
    """Import this folder as a package, whose modules can then import each other."""
    folder = os.path.dirname(os.path.abspath(__file__))
    spec = spec_from_file_location(
        PACKAGE, os.path.join(folder, "__init__.py"), submodule_search_locations=[folder]
    )
    assert spec is not None  # the file is beside this one
    assert spec.loader is not None
    sys.modules[PACKAGE] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules[PACKAGE])


def main(argv: List[str]) -> None:
    """Run the receiver; ``argv[1]`` is its mode: see ``start.py``.

    Raises:
        SystemExit: This Python is too old.
    """
    if sys.version_info < (3, 8):  # noqa: UP036  # a user may name any interpreter
        sys.exit(
            "a receiver needs Python 3.8 or later, and this is {}.{}".format(*sys.version_info)
        )
    del sys.path[0]  # this folder: a payload's `record` or `server` is somebody else's
    _load_package()
    start = import_module(PACKAGE + ".start")
    # An empty one: a class of the sender's __main__ is absent here.
    sys.modules["__main__"] = type(sys)("__main__")
    start.start(argv[1])


if __name__ == "__main__":
    main(sys.argv)

"""``python -I -S <this folder> <requests fd> <answers fd>``: the fresh interpreter.

The first message is what may be imported here (see ``sender/project.py``); the answer says that the absent modules really are absent.
"""

import os
import sys
from importlib import import_module
from importlib.util import module_from_spec, spec_from_file_location
from typing import List

PACKAGE = "_portable_errors_receiver"  # not our own name: a payload may import the real package


def _load_package() -> None:
    here = os.path.dirname(os.path.abspath(__file__))
    spec = spec_from_file_location(PACKAGE, os.path.join(here, "__init__.py"), submodule_search_locations=[here])
    assert spec is not None  # the file is beside this one
    assert spec.loader is not None
    sys.modules[PACKAGE] = module_from_spec(spec)
    spec.loader.exec_module(sys.modules[PACKAGE])


def main(argv: List[str]) -> None:
    """Serve on the two descriptors until the sender closes its end."""
    del sys.path[0]  # this folder: a payload's `record` or `server` is somebody else's
    _load_package()
    start = import_module(PACKAGE + ".start")
    sys.modules["__main__"] = type(sys)("__main__")  # a class of the sender's __main__ is absent here
    start.start(int(argv[1]), int(argv[2]))


if __name__ == "__main__":
    main(sys.argv)

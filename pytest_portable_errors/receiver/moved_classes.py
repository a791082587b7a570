"""Finds where today's code has what a payload names; nothing is imported to look for it."""

import difflib
import importlib
import itertools
import os
import re
import sys
from typing import Any, Dict, Iterator, List, Tuple

from . import fields

_MOST_FOUND = 5
_ALIKE = 0.6  # how alike two names have to be, from 0 to 1, for one to be the other, renamed
_MOST_FILES = 3_000  # of one package, in which they are looked for
_LARGEST_FILE = 1_000_000  # bytes
_CLASS = re.compile(r"^class\s+(\w+)", re.MULTILINE)


def look_up(module: str, qualname: str) -> Any:
    """What a module has under a qualified name. Raises what import and ``getattr`` raise."""
    holder: Any = importlib.import_module(module)
    for part in qualname.split("."):
        holder = getattr(holder, part)
    return holder


def moved_to(module: str, qualname: str) -> List[str]:
    """Where today's package has a class that may be the one of a name.

    Args:
        module: The module that does not have it, or is not there.
        qualname: The name.

    Returns:
        ``module:qualname``, at most ``_MOST_FOUND``: first those of the same name, then those whose
        name is alike, in the same module if there is one.
    """
    last = qualname.rpartition(".")[2]
    places = list(dict.fromkeys(_classes_of(module.partition(".")[0])))
    same = [place for place in places if place[1] == last]
    is_there = any(place[0] == module for place in places)
    by_stem: Dict[str, Tuple[str, str]] = {
        _stem(place[1]): place for place in places if place[0] == module or not is_there
    }
    close = difflib.get_close_matches(_stem(last), by_stem, n=_MOST_FOUND, cutoff=_ALIKE)
    found = dict.fromkeys([*same, *(by_stem[stem] for stem in close)])
    return ["{}:{}".format(*place) for place in itertools.islice(found, _MOST_FOUND)]


def _stem(name: str) -> str:
    """A class's name without the word that all names of errors end in."""
    return re.sub(r"(?<=.)(Error|Exception|Failed|Failure|Warning)$", "", name)


def _classes_of(top: str) -> Iterator[Tuple[str, str]]:
    """Modules of a package with the names of their classes: what is loaded, and what files say."""
    for name, module in list(sys.modules.items()):
        if name == top or name.startswith(top + "."):
            for key, value in list(fields.dict_of(module).items()):
                # By its class: an object's __class__ may be anything, and raise.
                if issubclass(type(value), type) and fields.module_of(value) == name:
                    yield name, key
    folders = getattr(sys.modules.get(top), "__path__", ())
    for name, file in itertools.islice(_files(top, list(folders)), _MOST_FILES):
        if os.path.getsize(file) <= _LARGEST_FILE:
            with open(file, encoding="utf-8", errors="replace") as source:
                for found in _CLASS.finditer(source.read()):
                    yield name, found[1]


def _files(name: str, folders: List[str]) -> Iterator[Tuple[str, str]]:
    """The modules below folders, by their files; ``__main__`` is none that a payload may name."""
    for folder in folders:
        for path, _, files in os.walk(folder):
            inner = os.path.relpath(path, folder).split(os.sep)
            package = ".".join([name, *(part for part in inner if part != ".")])
            for file in sorted(files):
                stem, suffix = os.path.splitext(file)
                if suffix == ".py" and stem != "__main__":
                    module = package if stem == "__init__" else "{}.{}".format(package, stem)
                    yield module, os.path.join(path, file)

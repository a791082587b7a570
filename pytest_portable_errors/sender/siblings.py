"""Other instances on which a fix is tried: it is meant for a class, and seen on one exception."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

from pytest_portable_errors.building.build import CannotBuild, build
from pytest_portable_errors.diagnosis.primitive import not_primitive
from pytest_portable_errors.receiver import fields
from pytest_portable_errors.sender.copies import copy_without_traceback
from pytest_portable_errors.sender.left_behind import chooses
from pytest_portable_errors.sender.serializers import Serializer

_MOST_SUBCLASSES = 6
_MOST_HOLDERS = 4  # attributes of which it is asked whether they may hold anything


def siblings_of(
    subject: BaseException,
    owner: type,
    lost_attributes: Iterable[str],
    serializer: Serializer,
) -> Iterator[BaseException]:
    """Make other instances of the class that gets a fix, and of those that inherit it.

    Args:
        subject: The exception that the fix was proposed for.
        owner: Its class, or the base that gets the code.
        serializer: What pickles them.
        lost_attributes: Names of the attributes that it lost.

    Yields:
        A copy with a note. Where the class has a reducer of its own, copies that hold a lock where
        the exception holds an object or nothing, what it lost first: the reducer may be there for
        what cannot be pickled. Then what can be built of the class, of the owner and of up to six
        of its subclasses. Nothing is built outside the main thread, where a constructor that hangs
        could not be ended.
    """
    noted = copy_without_traceback(subject)
    if noted is not None and _set(noted, "__notes__", ["added later"]):
        yield noted
    if chooses(type(subject), serializer):
        of_python = fields.base_fields(type(subject))  # nobody puts a lock into ``errno``
        attributes = {
            name: value
            for name, value in fields.attributes_of(subject).items()
            if name not in of_python
        }
        anything = [
            name
            for name in dict.fromkeys((*lost_attributes, *attributes))
            if name in attributes
            and (attributes[name] is None or not_primitive(attributes[name], name))
        ]
        for name in anything[:_MOST_HOLDERS]:
            holding = copy_without_traceback(subject)
            if holding is not None and _set(holding, name, threading.Lock()):
                yield holding
    if threading.current_thread() is not threading.main_thread():
        return
    heirs = [cls for cls in family(owner) if cls not in (owner, type(subject))]
    for cls in dict.fromkeys((type(subject), owner, *heirs[:_MOST_SUBCLASSES])):
        if may_be_built(cls):
            try:
                yield from (variant.exc for variant in build(cls, values={}))
            except CannotBuild:
                continue


def may_be_built(cls: type) -> bool:
    """Whether instances may be made of made-up values.

    Where the class has a ``__del__``, that would meet them whenever the garbage collector runs.
    """
    return (
        issubclass(cls, BaseException)
        and fields.module_of(cls) != "builtins"
        and not hasattr(cls, "__del__")
    )


def family(owner: type) -> list[type]:
    """A class and its subclasses, each once, as far as they can be imported by name."""
    found, waiting = [owner], [owner]
    while waiting:
        subclasses: list[type] = type.__subclasses__(waiting.pop(0))
        for cls in subclasses:
            if cls not in found and fields.is_importable(cls):
                found.append(cls)
                waiting.append(cls)
    return found


def _set(exc: BaseException, name: str, value: object) -> bool:
    """Set an attribute; False if the class refuses that."""
    try:
        setattr(exc, name, value)
    except Exception:  # foreign code
        return False
    return True

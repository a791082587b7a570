"""Copies an exception without its traceback, which would keep the frames of the test alive.

Fixes are tried on the copy later.
"""

from __future__ import annotations

from pytest_portable_errors.diagnosis.class_source import built_in_base
from pytest_portable_errors.receiver import fields

_MOST_LINKS = 100


def copy_without_traceback(exc: BaseException) -> BaseException | None:
    """Copy an exception, its chain and its members, without calling ``__init__``.

    Args:
        exc: The exception. The copy shares its values.

    Returns:
        The copy. None if it cannot be made that way, if the chain has more than 100 links, or if a
        class has a ``__del__``, which says that the end of its instances has consequences.

    Raises:
        KeyboardInterrupt: It may be the user's.
    """
    try:
        return _copy(exc, {}, 0)
    except KeyboardInterrupt:
        raise
    except BaseException:  # classes are foreign code; what cannot be copied gets no fix
        return None


def _copy(exc: BaseException, copies: dict[int, BaseException], depth: int) -> BaseException:
    if id(exc) in copies:
        return copies[id(exc)]
    cls = type(exc)
    if depth > _MOST_LINKS or hasattr(cls, "__del__"):
        raise ValueError("not copied")
    base: object = built_in_base(cls)
    args = fields.base_field(exc, "args")
    members = fields.members_of(exc)
    if members is not None:
        args = (args[0], [_copy(member, copies, depth + 1) for member in members])
    copied: BaseException = base.__new__(cls, *args)
    copies[id(exc)] = copied
    _set(
        copied,
        "args",
        (*args, *fields.base_field(exc, "args")[2:]) if members is not None else args,
    )
    if members is None:
        for descriptor, value in fields.set_fields(exc):
            descriptor.__set__(copied, value)
    stored = fields.own_dict(exc)
    copied_dict = None if stored is None else fields.made_dict(copied)
    if copied_dict is not None:
        copied_dict.update(stored or {})
    for name in ("__cause__", "__context__"):
        link = fields.base_field(exc, name)
        if link is not None:
            _set(copied, name, _copy(link, copies, depth + 1))
    # Last, because setting a cause sets it.
    _set(copied, "__suppress_context__", fields.base_field(exc, "__suppress_context__"))
    return copied


def _set(exc: BaseException, name: str, value: object) -> None:
    """Set a field of BaseException, past the class, whose ``__setattr__`` may refuse."""
    vars(BaseException)[name].__set__(exc, value)

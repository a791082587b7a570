"""Where a value lies in an exception, as a reader of it would write: ``exc.__cause__.args[0]``.

A path is ``exc``, then links to other exceptions, then the way to a value of the last one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LINK = r"\.__cause__|\.__context__|\.exceptions\[\d+\]"
_LINKS = re.compile(_LINK)
_PARTS = re.compile(rf"exc(?P<links>(?:{_LINK})*)(?P<rest>.*)", re.DOTALL)
_HELD = re.compile(r"\.args\[(?P<argument>\d+)\]|\.(?P<attribute>\w+)")
_STEP = re.compile(r"^exc|\.\w+|\[[^\]]*\]")
_HEADER = re.compile(r"\.headers\['(?P<name>[\w-]+)'\]$")
_INDICES = re.compile(r"(?:\[\d+\])+$")
_EXCEPTION = re.compile(rf"(?:^exc|__cause__|__context__|{_LINK})$")


def leads_to_exception(path: str) -> bool:
    """Whether a path ends in an exception: in one of the chain, or in one that a value holds."""
    return _EXCEPTION.search(path) is not None


@dataclass(frozen=True, slots=True)
class ValuePath:
    """A path, taken apart; ``ValuePath.of`` takes it apart."""

    text: str
    """All of it: ``exc.__cause__.args[0].name``."""
    links: tuple[str, ...]
    """Steps to other exceptions: ``.__cause__``, ``.exceptions[0]``."""
    rest: str
    """The way from there: ``.args[0].name``; `` message`` for the text of a link; ``""`` if the
    path leads to the exception itself. All of a path that does not begin with ``exc``."""

    @classmethod
    def of(cls, text: str) -> ValuePath:
        """Take a path apart. Every text is one: ``message`` is the exception's own text."""
        parts = _PARTS.fullmatch(text)
        if parts is None:
            return cls(text, (), text)
        return cls(text, tuple(_LINKS.findall(parts["links"])), parts["rest"])

    @property
    def exception(self) -> str:
        """The exception that the links lead to: ``exc.__cause__``."""
        return "exc" + "".join(self.links)

    @property
    def is_exception(self) -> bool:
        """Whether the path leads to an exception, and not to a value of one."""
        return not self.rest

    @property
    def goes_along_the_chain(self) -> bool:
        """Whether one of the links is a cause or context, and not all are members of groups."""
        return any(not link.startswith(".exceptions") for link in self.links)

    @property
    def holder(self) -> str:
        """The exception that holds what the path leads to; that may be an exception itself."""
        return self.exception if self.rest else "exc" + "".join(self.links[:-1])

    @property
    def held(self) -> Held | None:
        """What of an exception the path goes through first; a link is an attribute of the one
        before it. None if it goes through none (``message``, ``exc``)."""
        holder, match = self.links, _HELD.match(self.rest)
        if match is None and self.links:
            holder, match = self.links[:-1], _HELD.match(self.links[-1])
        if match is None:
            return None
        return Held(
            path="exc" + "".join(holder) + match[0],
            is_of_subject=not holder,
            argument=None if match["argument"] is None else int(match["argument"]),
            attribute=match["attribute"],
        )

    @property
    def header(self) -> str | None:
        """The name of the HTTP header that it leads to; None if it leads to none."""
        match = _HEADER.search(self.text)
        return None if match is None else match["name"]

    @property
    def name(self) -> str:
        """The last attribute or key, whatever position follows it; a key as ``repr`` writes it."""
        return _INDICES.sub("", self.text).rpartition(".")[2].rpartition("[")[2]

    def outward(self) -> Iterator[str]:
        """The path, and those of what holds the value, short of the exception and its args:
        ``exc.kwargs['error']``, ``exc.kwargs``."""
        steps = _STEP.findall(self.text)
        for count in range(len(steps), 1 if steps[1:2] != [".args"] else 2, -1):
            yield "".join(steps[:count])


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """An argument or an attribute of an exception."""

    path: str
    """``exc.__cause__.args[0]``."""
    is_of_subject: bool
    """Whether the exception is the one that was sent, and not one that it is chained to."""
    argument: int | None
    """Its position in ``args``."""
    attribute: str | None
    """Its name; of the two there is one."""

"""Paths of values in an exception, written as a reader would: ``exc.__cause__.args[0]``.

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
# requests keeps its headers in a mapping of its own: by the name in small letters, a pair.
_HEADER = re.compile(r"\.headers(?:\._store)?\['(?P<name>[\w*-]+)'\](?:\[[01]\])?$")
_INDICES = re.compile(r"(?:\[\d+\])+$")
_EXCEPTION = re.compile(rf"(?:^exc|__cause__|__context__|{_LINK})$")


def leads_to_exception(path: str) -> bool:
    """Whether a path ends in an exception: in one of the chain, or in one that a value holds."""
    return _EXCEPTION.search(path) is not None


def lies_within(path: str, outer: str) -> bool:
    """Whether a path is another one, or leads to something inside of what that leads to."""
    return path == outer or path.startswith((f"{outer}.", f"{outer}[", f"{outer} "))


def may_be_named_pair(attribute: str, size: int) -> bool:
    """Whether a tuple in a list may be a header: ``(name, value)`` or ``(raw name, name, value)``.

    httpx keeps its headers so, in a list of a private attribute (``Headers._list``).

    Args:
        attribute: The name of the attribute that holds the list.
        size: The number of the tuple's items.
    """
    return attribute.startswith("_") and size in (2, 3)


@dataclass(frozen=True, slots=True)
class ValuePath:
    """A path and its parts; ``ValuePath.of`` makes one of a text."""

    text: str
    """The whole path: ``exc.__cause__.args[0].name``."""
    links: tuple[str, ...]
    """Steps to other exceptions: ``.__cause__``, ``.exceptions[0]``."""
    rest: str
    """The way from the last exception: ``.args[0].name``.

    `` message`` for the text of a link; ``""`` if the path leads to the exception itself; the whole
    of a path that does not begin with ``exc``.
    """

    @classmethod
    def of(cls, text: str) -> ValuePath:
        """Take a path apart.

        Args:
            text: Every text is a path: what does not begin with ``exc``, such as ``message`` for
                the text of the subject, has no links.
        """
        parts = _PARTS.fullmatch(text)
        if parts is None:
            return cls(text, (), text)
        return cls(text, tuple(_LINKS.findall(parts["links"])), parts["rest"])

    @property
    def exception(self) -> str:
        """The path of the exception that the links lead to: ``exc.__cause__``."""
        return "exc" + "".join(self.links)

    @property
    def is_exception(self) -> bool:
        """Whether the path leads to the subject or a link, and not to a value of one."""
        return not self.rest

    @property
    def goes_along_the_chain(self) -> bool:
        """Whether one of the links is a cause or context, and not all are members of groups."""
        return any(not link.startswith(".exceptions") for link in self.links)

    @property
    def holder(self) -> str:
        """The path of the exception that holds what this path leads to.

        Of a link, the exception before it; of the subject, ``exc`` itself.
        """
        return self.exception if self.rest else "exc" + "".join(self.links[:-1])

    @property
    def held(self) -> Held | None:
        """The argument or attribute of its exception that the path goes through first.

        A path that ends in a link goes through an attribute of the exception before the link:
        ``exc.__cause__``, ``exc.exceptions``. None if there is neither (``message``, ``exc``).
        """
        links, match = self.links, _HELD.match(self.rest)
        if match is None and self.links:
            links, match = self.links[:-1], _HELD.match(self.links[-1])
        if match is None:
            return None
        return Held(
            path="exc" + "".join(links) + match[0],
            is_of_subject=not links,
            argument=None if match["argument"] is None else int(match["argument"]),
            attribute=match["attribute"],
        )

    @property
    def attribute(self) -> str | None:
        """The attribute of its exception that the path goes through first; None if none."""
        return None if self.held is None else self.held.attribute

    @property
    def held_path(self) -> str:
        """The path of ``held``; the whole path where there is none."""
        return self.text if self.held is None else self.held.path

    @property
    def header(self) -> str | None:
        """The name of the HTTP header that the path leads to; None if it leads to none."""
        match = _HEADER.search(self.text)
        return None if match is None else match["name"]

    @property
    def name(self) -> str:
        """The last attribute or key, whatever positions follow; a key as ``repr`` writes it."""
        return _INDICES.sub("", self.text).rpartition(".")[2].rpartition("[")[2]

    def outward(self) -> Iterator[str]:
        """The path, then the paths of what holds the value: ``exc.a['b']``, then ``exc.a``.

        Ends short of the exception and of its ``args``, which are no values of it.
        """
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
    """Its position in ``args``, counted from 0; None if it is an attribute."""
    attribute: str | None
    """Its name; None if it is an argument."""

"""Makes goldens of what a run has offered, of the release that is being made."""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata

from pytest_portable_errors.diagnosis.pickle_reader import read
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.goldens.golden import VALUE, Golden
from pytest_portable_errors.goldens.guard import Refused
from pytest_portable_errors.goldens.offered import Row
from pytest_portable_errors.goldens.reader import Reader
from pytest_portable_errors.receiver.budget import DEPTH
from pytest_portable_errors.receiver.described import Stage
from pytest_portable_errors.sender.distributions import owners_of_modules


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The release that goldens are made of."""

    project: str
    """Name of the project's distribution; empty if it has none."""
    name: str
    """Its version, as ``folder.checked_release`` gives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A golden that was made, or why none was."""

    name: str
    """``shop.errors.PaymentError[pickle]``."""
    golden: Golden | None
    why_not: str = ""


def made(rows: Iterable[tuple[str, Row]], release: Release, reader: Reader) -> Iterator[Made]:
    """Make goldens: each is rebuilt once more, by the code that has pickled it.

    Args:
        rows: What was offered, each with the ID of the test that met it. Of the same thing the one
            with the first ID is taken, so that the order in which tests ran plays no part.
        release: What they are of.
        reader: Where they are rebuilt.

    Yields:
        One for each thing, sorted by its name.

    Raises:
        PortableErrorsError: The receiver cannot start.
    """
    first: dict[tuple[str, ...], tuple[str, str]] = {}
    for test, (*key, content) in rows:
        # What can be kept comes before what cannot.
        candidate = (f"!{test}" if content.startswith("!") else f" {test}", content)
        first[tuple(key)] = min(first.get(tuple(key), candidate), candidate)
    for (name, serializer, way), (_, content) in sorted(first.items()):
        told = f"{name}[{serializer}]"
        if content.startswith("!"):
            yield Made(name=told, golden=None, why_not=content[1:])
            continue
        yield _made(name, serializer, way, base64.b64decode(content), release, reader)


def _made(
    name: str, serializer: str, way: str, payload: bytes, release: Release, reader: Reader
) -> Made:
    told = f"{name}[{serializer}]"
    try:
        found = reader.receivers.serializers.find(serializer)
        answer = reader.submit(payload, found, name=name, depth=DEPTH).usable_answer()
    except (Refused, PortableErrorsError) as error:
        return Made(name=told, golden=None, why_not=str(error))
    if Stage(answer["stage"]) is not Stage.ARRIVED:
        return Made(
            name=told, golden=None, why_not="does not arrive where the project is installed"
        )
    today = answer["today"]
    golden = Golden(
        name=name,
        project=release.project,
        release=release.name,
        serializer=serializer,
        way=way,
        python=".".join(map(str, sys.version_info[:2])),
        libraries=libraries_of(payload, without=release.project),
        payload=payload,
        record=answer["record"],
        bases=() if way == VALUE else tuple(today["bases"]),
        lacks=tuple(today["lacks"]),
        sets=tuple(today["sets"]),
    )
    return Made(name=told, golden=golden)


def libraries_of(payload: bytes, *, without: str) -> dict[str, str]:
    """Versions of the distributions whose modules a payload names, by name.

    Args:
        payload: A pickle.
        without: The project's own.
    """
    tops = {name.module.partition(".")[0] for name in read(payload).names}
    names = {name for top in tops for name in owners_of_modules().get(top, ())}
    return {name: metadata.version(name) for name in sorted(names - {without})}

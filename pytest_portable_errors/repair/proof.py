"""Proves fixes where they stand: a new process imports the files as written, and sends exceptions.

``main`` is run in that process: it reads what to prove from its standard input, and writes what
does not hold to its standard output, both as JSON.
"""

from __future__ import annotations

import atexit
import base64
import copyreg
import importlib
import importlib.util
import json
import operator
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pytest_portable_errors.building.build import CannotBuild, build
from pytest_portable_errors.diagnosis.checks import DEFAULT_CHECKS
from pytest_portable_errors.diagnosis.printable import brief
from pytest_portable_errors.diagnosis.source_places import class_named
from pytest_portable_errors.diagnosis.value_path import lies_within
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.round_trip import check_round_trip
from pytest_portable_errors.sender import process_receivers
from pytest_portable_errors.sender.project_context import ProjectContext
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.repaired import rebuilt
from pytest_portable_errors.sender.siblings import may_be_built
from pytest_portable_errors.sender.trip import first_line

LONGEST = 600.0
"""Seconds for the whole proof; a library may take a minute to be imported."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A fix to be proved, and on what."""

    owner: str
    """The class that got it, ``module:qualified name``."""
    classes: tuple[str, ...]
    """Dotted names of the classes that were met."""
    payloads: tuple[bytes, ...]
    """Exceptions that tests raised, as the fix has pickled them."""
    unrepaired: int
    """How many instances may be lost still, as they were when the fix was tried."""
    keeps_chain: bool
    """Whether the chain has to arrive."""
    gives_up: tuple[str, ...] = ()
    """Paths of what it gives up."""
    becomes: str = ""
    """Full name of the class that it arrives as; empty: its own. Of another class only the message
    has to arrive: what else does was seen when the fix was tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What a proof has shown."""

    failures: Mapping[str, str]
    """Why fixes do not hold, by their owners."""
    travelling: frozenset[str] = frozenset()
    """Classes of the module of reducers of which all that can be built arrives whole without it."""
    gone: frozenset[str] = frozenset()
    """Classes of it that their libraries, which are installed, do not have any more."""


Prove = Callable[[Sequence[Evidence], str, frozenset[str]], Proof]
"""Takes fixes, the name of the module of reducers (empty: there is none), and the dotted names of
the classes in it."""


def in_new_process(
    evidence: Sequence[Evidence],
    reducers: str,
    registered: frozenset[str],
    *,
    folder: Path,
    path: Sequence[str],
    setup: Sequence[str] = (),
) -> Proof:
    """Prove fixes in a process that has imported nothing yet.

    Args:
        evidence: The fixes.
        reducers: The module of reducers; empty if there is none.
        registered: Dotted names of the classes in it.
        folder: The project's folder.
        path: What the process has as ``sys.path`` before its own.
        setup: ``module:callable`` each, called first, as a worker does at its start.
    """
    asked = {
        "path": list(path),
        "setup": list(setup),
        "reducers": reducers,
        "registered": sorted(registered),
        "evidence": [_as_data(one) for one in evidence],
    }
    try:
        done = subprocess.run(
            [sys.executable, "-c", _START.format(folder=str(_OWN_FOLDER), name=__name__)],
            input=json.dumps(asked),
            capture_output=True,
            text=True,
            errors="backslashreplace",  # modules may print what they like
            cwd=folder,
            env={**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
            timeout=LONGEST,
            check=False,
        )
        # Behind the answer, too, something may be printed, when the process ends.
        answer, _ = json.JSONDecoder().raw_decode(done.stdout.rpartition(_MARK)[2])
    except subprocess.TimeoutExpired:
        why = f"the proof took more than {LONGEST:g} s"
        return Proof(failures={one.owner: why for one in evidence})
    except json.JSONDecodeError:
        last = done.stderr.strip().rpartition("\n")[2]
        why = f"the process that was to prove it ended with {done.returncode}: {last}"
        return Proof(failures={one.owner: why for one in evidence})
    return Proof(
        failures=answer["failures"],
        travelling=frozenset(answer["travelling"]),
        gone=frozenset(answer["gone"]),
    )


# Without the working directory, whose scripts may have the names of modules of Python's.
_START = (
    "import sys; sys.path = [*filter(None, sys.path), {folder!r}]; from {name} import main; main()"
)
_OWN_FOLDER = Path(__file__).resolve().parents[2]
_MARK = "\0portable-errors proof\0"


def _as_data(evidence: Evidence) -> dict[str, Any]:
    return {
        "owner": evidence.owner,
        "classes": evidence.classes,
        "payloads": [base64.b64encode(payload).decode() for payload in evidence.payloads],
        "unrepaired": evidence.unrepaired,
        "keeps_chain": evidence.keeps_chain,
        "gives_up": evidence.gives_up,
        "becomes": evidence.becomes,
    }


def main() -> None:
    """Prove what standard input asks for."""
    asked, output = json.load(sys.stdin), sys.stdout  # which a module may replace
    sys.path[:0] = asked["path"]
    failures: dict[str, str] = {}
    context = replace(ProjectContext.here(), receiver_setup=tuple(asked["setup"]))
    receivers = Receivers(context)
    process_receivers.share(receivers)
    atexit.register(receivers.close)
    why = _setup_error(asked["setup"])
    if why is None and asked["reducers"]:
        why = _import_error(asked["reducers"])
    if why is not None:
        failures = {row["owner"]: why for row in asked["evidence"]}
    for row in asked["evidence"]:
        if row["owner"] not in failures:
            why = _failure(row)
            if why is not None:
                failures[row["owner"]] = why
    states = {name: _state(name) for name in asked["registered"]}
    answer = {
        "failures": failures,
        "travelling": [name for name in states if states[name] == "travels"],
        "gone": [name for name in states if states[name] == "gone"],
    }
    output.write(_MARK + json.dumps(answer))
    output.flush()


def _state(name: str) -> str:
    """What became of a class for which there is a reducer.

    ``travels``: all that can be built of it arrives whole without. ``gone``: its library does not
    have it any more. Otherwise ``needed``, or nobody can tell.
    """
    if importlib.util.find_spec(name.partition(".")[0]) is None:
        return "needed"  # as far as can be seen: the library is not installed here
    cls = named_class(name)
    if cls is None:
        return "gone" if _import_error(name.rpartition(".")[0]) is None else "needed"
    reducer = copyreg.dispatch_table.pop(cls, None)
    try:
        checks = [check for check in DEFAULT_CHECKS if check != "chain"]
        return (
            "needed" if any(_lost(v.exc, checks, ()) for v in build(cls, values={})) else "travels"
        )
    except (CannotBuild, PortableErrorsError):
        return "needed"
    finally:
        if reducer is not None:
            copyreg.dispatch_table[cls] = reducer


def _setup_error(steps: Sequence[str]) -> str | None:
    for step in steps:
        module, _, name = step.partition(":")
        try:
            operator.attrgetter(name)(importlib.import_module(module))()
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # the project's code
            return f"{step} raises {type(error).__name__}: {error}"
    return None


def _import_error(module: str) -> str | None:
    try:
        importlib.import_module(module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # the project's code, as we have written it
        return f"importing {module} raises {type(error).__name__}: {error}"
    return None


def _failure(row: dict[str, Any]) -> str | None:
    """Why a fix does not hold; None if it does."""
    why = _import_error(row["owner"].partition(":")[0])
    if why is not None:
        return why
    try:
        for payload in row["payloads"]:
            exc = rebuilt(base64.b64decode(payload), with_finalizers=True)
            if exc is None:
                return "what a test raised cannot be rebuilt any more"
            lost = _lost_by(row, exc)
            if lost is not None:
                return lost
        reasons = [lost for exc in _built(row) if (lost := _lost_by(row, exc)) is not None]
    except PortableErrorsError as error:
        return str(error)
    return reasons[0] if len(reasons) > row["unrepaired"] else None


def _lost_by(row: dict[str, Any], exc: BaseException) -> str | None:
    """What an exception loses that the fix is to keep; None if nothing."""
    if row["becomes"]:
        return _lost(exc, ("type", "message"), row["gives_up"], arrives_as=row["becomes"])
    checks = [check for check in DEFAULT_CHECKS if check != "chain" or row["keeps_chain"]]
    return _lost(exc, checks, row["gives_up"])


def _lost(
    exc: BaseException,
    checks: Sequence[str],
    gives_up: Sequence[str],
    *,
    arrives_as: str | None = None,
) -> str | None:
    """What an exception loses of what it is to keep; None if nothing."""
    trip = check_round_trip(exc, receiver="with-project", checks=checks, arrives_as=arrives_as)
    lost = [
        loss
        for loss in trip.losses
        if not any(lies_within(loss.path, given_up) for given_up in gives_up)
    ]
    if not lost:
        return None
    what = first_line(trip)
    first = lost[0]
    return what if first.kind == "arrival" else f"{what} ({first.path}: {brief(first.received)})"


def _built(row: dict[str, Any]) -> Iterator[BaseException]:
    owner = _class(*row["owner"].partition(":")[::2])
    known = [owner, *map(named_class, row["classes"])]
    for cls in dict.fromkeys(filter(None, known)):
        if not may_be_built(cls):
            continue
        try:
            yield from (variant.exc for variant in build(cls, values={}))
        except CannotBuild:
            continue


def named_class(name: str) -> type[BaseException] | None:
    """The exception class of a dotted name, imported if need be; it may lie in other classes."""
    return class_named(name, _class)


def _class(module: str, qualname: str) -> type[BaseException] | None:
    """The exception class of a name; None if there is none, as for one inside a function."""
    try:
        found: object = importlib.import_module(module)
        for part in qualname.split("."):
            found = getattr(found, part)
    except Exception:  # the project's code
        return None
    if isinstance(found, type) and issubclass(found, BaseException):
        return found
    return None

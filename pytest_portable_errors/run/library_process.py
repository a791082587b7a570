"""Has one library surveyed in a process of its own, and reads what that tells.

What it tells is data, and is checked: the library's own code runs in the same process.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_portable_errors.judging.declarations import Declarations
from pytest_portable_errors.receiver.deadlines import is_out_of_time
from pytest_portable_errors.report.libraries import Library
from pytest_portable_errors.report.validity import problem_of_library_line
from pytest_portable_errors.run.library_limits import PROCESSOR
from pytest_portable_errors.run.options import Options
from pytest_portable_errors.sender.unpatched import UNPATCHED
from pytest_portable_errors.survey.named_classes import catches
from pytest_portable_errors.survey.requirements import Dependency

SILENCE = 60.0
"""Seconds, by the clock, after which a process that tells nothing is ended."""
_PATIENCE = 5.0  # seconds for a process to end that has closed its output
_LARGEST = 64 * 1024**2  # bytes of all that a process tells
_ENVIRONMENT = {
    "DISPLAY": "",
    "WAYLAND_DISPLAY": "",
    "QT_QPA_PLATFORM": "offscreen",
    "SDL_VIDEODRIVER": "dummy",
    "MPLBACKEND": "Agg",
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
}
# Without the working directory, whose scripts may have the names of modules of Python's.
_START = (
    "import sys; sys.path = [*filter(None, sys.path), {folder!r}]; "
    "from pytest_portable_errors.run.library_worker import main; main()"
)
_OWN_FOLDER = Path(__file__).resolve().parents[2]


@dataclass(slots=True, kw_only=True)
class Surveyed:
    """What a library's process has told."""

    library: Library
    repaired: list[tuple[str, str]] = field(default_factory=list)
    """What fixes made of its errors: ``module:qualified name`` of the class that gets the fix, and
    the payload in base64."""


def asked_of(
    options: Options, declared: Declarations, *, reducers: tuple[str, str]
) -> dict[str, Any]:
    """What the process of any library is asked.

    Args:
        options: Those of the run.
        declared: What the project declares; hooks that make instances are left out.
        reducers: The file of the project's module of reducers, and its text; two "" without one.
    """
    # Whether the chain is needed is the project's to decide: about its libraries it says nothing.
    checks = [check for check in options.checks if options.checks_are_chosen or check != "chain"]
    return {
        "root": options.root,
        "serializers": list(options.serializers),
        "receivers": list(options.receivers),
        "checks": checks,
        "processor": PROCESSOR,
        "timeout": options.timeout,
        "installed": list(options.installed),
        "absent": list(options.absent),
        "expect": dict(declared.expect),
        "without": {name: list(names) for name, names in declared.without.items()},
        "ignore": list(declared.ignore),
        "reducers": {"file": reducers[0], "text": reducers[1]} if reducers[1] else None,
    }


def named_below(modules: Iterable[str], names: Mapping[str, str]) -> dict[str, bool]:
    """Those of the names that the project's code uses which may stand for a library's classes.

    Args:
        modules: The library's.
        names: What ``names_in_project`` gives.

    Returns:
        Dotted name -> whether an ``except`` names it, and so its subclasses.
    """
    heads = tuple(f"{module}." for module in modules)
    return {name: catches(names[name]) for name in sorted(names) if name.startswith(heads)}


def survey_library(
    dependency: Dependency,
    asked: Mapping[str, Any],
    *,
    modules: Sequence[str],
    named: Mapping[str, bool] | None,
    running: set[subprocess.Popen[bytes]],
) -> Surveyed:
    """Survey a library in a process of its own, which has ended when this returns.

    Args:
        dependency: The library.
        asked: What ``asked_of`` gives.
        modules: What is imported of it.
        named: What ``named_below`` gives, for whose classes fixes are tried; None: for all.
        running: Holds the process while it runs, so that others can end it.
    """
    library = Library(
        library=dependency.name,
        version=dependency.version,
        classes=[],
        said=[],
        is_cut=False,
    )
    surveyed = Surveyed(library=library)
    if not dependency.version:
        library["said"].append("it is not installed here")
        return surveyed
    if not modules:
        return surveyed
    told = {**asked, "modules": list(modules), "named": named}
    process = UNPATCHED.popen(
        [sys.executable, "-c", _START.format(folder=str(_OWN_FOLDER))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=asked["root"],
        env={**os.environ, **_ENVIRONMENT},
        start_new_session=True,
    )
    assert process.stdin is not None  # asked for above, as standard output is
    assert process.stdout is not None
    running.add(process)
    how = ""
    try:
        with contextlib.suppress(OSError):  # that it has ended is noticed when it is read from
            UNPATCHED.write(process.stdin.fileno(), json.dumps(told).encode())
        process.stdin.close()
        end = _read(process.stdout.fileno(), surveyed)
        how = _end_of(process) if end is None else end
    finally:
        UNPATCHED.kill_tree(process)
        process.wait()
        process.stdout.close()
        running.discard(process)
    if how:
        library["is_cut"] = True
        library["said"].append(f"cut: its process {how}")
    return surveyed


def _read(fd: int, surveyed: Surveyed) -> str | None:
    """Read what the process tells until its last line.

    Returns:
        Why it is not read any further; "" after the last line; None if it has ended before.
    """
    size, rest = 0, b""
    while True:
        if not UNPATCHED.wait_readable(fd, SILENCE):
            return f"told nothing for {SILENCE:g} s"
        data = UNPATCHED.read(fd, 1 << 16)
        if not data:
            return None
        size += len(data)
        if size > _LARGEST:
            return "told more than anybody reads"
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            try:
                is_last = _keep(json.loads(line), surveyed)
            except (ValueError, RecursionError):
                return "told what is no answer"
            if is_last:
                return ""


def _keep(told: Any, surveyed: Surveyed) -> bool:
    """Keep a line of what was told; whether it was the last.

    Raises:
        ValueError: It is not what a line is.
    """
    problem = problem_of_library_line(told)
    if problem is not None:
        raise ValueError(problem)
    if "row" not in told:
        surveyed.library["said"] += told["said"]
        return True
    surveyed.library["classes"].append(told["row"])
    surveyed.repaired += [(owner, payload) for owner, payload in told["repaired"]]
    return False


def _end_of(process: subprocess.Popen[bytes]) -> str:
    """How a process has ended that has closed its output without a last line."""
    try:
        status = process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        return "closed its output"
    if is_out_of_time(status):
        return "took too much processor time"
    return (
        f"was ended by signal {-status}" if status < 0 else f"exited in its midst, status {status}"
    )

"""Surveys one library, in a process of its own: its import may do anything.

``main`` is run in that process. It reads what is asked from its standard input as JSON, and writes
a line of JSON for each class, and a last one, to what was its standard output. What the library
prints goes to a file that nobody reads.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

from pytest_portable_errors.receiver.limits import (
    limit_data,
    limit_file_size,
    limit_processor,
    no_core_files,
)
from pytest_portable_errors.receiver.reaper import end_with_parent
from pytest_portable_errors.report.summary_line import count
from pytest_portable_errors.run.library_limits import MEMORY, PRINTED
from pytest_portable_errors.run.library_survey import LibrarySurvey

_MOST_FAILURES = 2  # modules that could not be imported, and are named
_LOCAL = ("127.", "localhost", "::1")


def main() -> None:
    """Survey the library that standard input asks for."""
    asked = json.load(sys.stdin)
    output, started = os.dup(1), time.process_time()
    printed = tempfile.TemporaryFile()  # noqa: SIM115  # open until the process ends
    _redirect(printed.fileno())
    end_with_parent()
    no_core_files()
    limit_file_size(PRINTED)
    limit_data(MEMORY)
    budget = asked["processor"]
    limit_processor(budget)
    # The library may replace these.
    write, dumps, clock, sleep = os.write, json.dumps, time.process_time, time.sleep

    def tell(line: Mapping[str, object]) -> None:
        data = dumps(line).encode() + b"\n"
        while data:
            data = data[write(output, data) :]

    said: list[str] = []
    _refuse_the_network(said)
    threads = threading.active_count()
    survey = LibrarySurvey(asked)
    failures = survey.import_library()
    said += _not_imported(failures)
    if (size := os.fstat(printed.fileno()).st_size) > 0:
        said.append(f"its import prints {size:,} bytes")
    if threading.active_count() > threads:
        said.append(f"its import starts {count(threading.active_count() - threads, 'thread')}")
    for row in survey.rows():
        tell(row)
        if clock() - started > budget - 1.0:
            surveys = " ".join(f"--portable-errors-survey {one}" for one in asked["modules"])
            said.append(
                f"cut: it takes more than {budget:g} s of processor time; {surveys} has no such "
                "limit"
            )
            break
    tell({"said": [*said, *survey.said]})
    # The sender ends this process, with all that the library has started.
    sleep(60)


def _not_imported(failures: Mapping[str, str]) -> Iterator[str]:
    """What is said of modules that could not be imported: of the first ones each."""
    first = list(failures)[:_MOST_FAILURES]
    yield from (f"{module} was not imported: {failures[module]}" for module in first)
    if len(failures) > len(first):
        yield f"{count(len(failures) - len(first), 'more module')} could not be imported"


def _redirect(file: int) -> None:
    """Let nothing be read from standard input, and all that is printed go to a file."""
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    for fd in (1, 2):
        os.dup2(file, fd)


def _refuse_the_network(said: list[str]) -> None:
    """Let this process reach no other machine, and note which it wants to reach."""

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect":
            address = arguments[1]
            host = address[0] if isinstance(address, tuple) else ""
        elif event in ("socket.getaddrinfo", "socket.gethostbyname"):
            host = arguments[0]
        else:
            return
        host = host.decode(errors="replace") if isinstance(host, bytes) else str(host or "")
        if host and not host.startswith(_LOCAL) and host != socket.gethostname():
            text = f"it asks the network for {host}, and gets no answer here"
            if text not in said:
                said.append(text)
            raise OSError(errno.ENETUNREACH, "the survey of dependencies has no network")

    sys.addaudithook(refuse)

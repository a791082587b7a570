"""Surveys one library, in a process of its own: its import may do anything.

``main`` is run in that process. It reads what is asked from its standard input as JSON, and writes
a line of JSON for each class, and a last one, to what was its standard output. What the library
prints goes to a file that nobody reads.
"""

from __future__ import annotations

import base64
import errno
import functools
import json
import os
import socket
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_portable_errors.building.build import CannotBuild
from pytest_portable_errors.diagnosis.source_places import class_named
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.judging.declarations import Declarations
from pytest_portable_errors.judging.policies import SentSubject
from pytest_portable_errors.judging.recorder import Recorder, no_entries
from pytest_portable_errors.judging.repo_wide_policy import RepoWidePolicy
from pytest_portable_errors.judging.verdicts import TripRequirements
from pytest_portable_errors.receiver.fields import dict_of, module_of, mro_of, type_name
from pytest_portable_errors.receiver.limits import (
    limit_data,
    limit_file_size,
    limit_processor,
    no_core_files,
)
from pytest_portable_errors.receiver.reaper import end_with_parent
from pytest_portable_errors.repair.loaded import reducers_in
from pytest_portable_errors.report.baseline import Baseline
from pytest_portable_errors.report.libraries import SurveyedClass
from pytest_portable_errors.report.summary_line import count
from pytest_portable_errors.run.library_limits import MEMORY, PRINTED
from pytest_portable_errors.sender.pending_trip import new_subject
from pytest_portable_errors.sender.project_context import ProjectContext
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.registry import Serializers
from pytest_portable_errors.survey import population
from pytest_portable_errors.survey.cases import Case, find_suite, suite_names
from pytest_portable_errors.survey.packages import (
    classes_of_package,
    import_package,
    is_exception_class,
)

_AT_ONCE = 12  # cases under way
_MOST_NAMES = 20  # of one class
_MOST_FAILURES = 2  # modules that could not be imported, and are named
# Of a package without a suite these modules are imported beside the package itself.
_SAY_ERRORS = ("exc", "err", "fault", "warn")
# What has a suite by another name than its own.
_SUITES = {"google.api_core": "google"}
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
    survey = Survey(asked)
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
    tell({"said": said})
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


class Survey:
    """The survey of one library, as the sender asks for it."""

    def __init__(self, asked: Mapping[str, Any]) -> None:
        """``asked`` is what ``library_process.asked_of`` makes."""
        self._modules: Sequence[str] = asked["modules"]
        self._serializers: Sequence[str] = asked["serializers"]
        self._receiver_names: Sequence[str] = asked["receivers"]
        self._declared = Declarations(
            expect=asked["expect"],
            without={name: tuple(names) for name, names in asked["without"].items()},
            ignore=tuple(asked["ignore"]),
            instances={},
        )
        serializers = Serializers()
        if asked["reducers"]:
            serializers.use(reducers_in(asked["reducers"]["text"], asked["reducers"]["file"]))
        context = ProjectContext(
            root=Path(asked["root"]),
            installed=tuple(asked["installed"]),
            absent=tuple(asked["absent"]),
        )
        self._receivers = Receivers(context, serializers)
        for name in self._receiver_names:
            self._receivers.start(name)
        self._recorder = Recorder(root=asked["root"], names_credentials=True)
        requirements = TripRequirements(
            receivers=tuple(self._receiver_names),
            checks=tuple(asked["checks"]),
            timeout=asked["timeout"],
            is_repo_wide=True,
            setup_is_undecided=True,  # the library cannot know what the project sets up
        )
        self._policy = RepoWidePolicy(
            requirements,
            self._receivers,
            self._recorder,
            self._declared,
            baseline=Baseline(),
            fails=False,
            credentials="warn",
            wants_fixes=self._is_named,
        )
        self._failures: Mapping[str, str] = {}
        self._named: Mapping[str, bool] | None = asked["named"]
        self._names: dict[int, list[str]] | None = None

    def import_library(self) -> dict[str, str]:
        """Import what is surveyed; module -> why it could not be imported.

        Of a package the modules whose names say errors, too; if there is no exception class in any
        of these, all its public modules.
        """
        failures: dict[str, str] = {}
        for module in self._modules:
            failures.update(import_package(module, is_meant=_says_errors))
        if not any(map(classes_of_package, self._modules)):
            for module in self._modules:
                failures.update(import_package(module, is_meant=_is_public))
        self._failures = failures
        return failures

    def rows(self) -> Iterator[Mapping[str, object]]:
        """What became of each class, raised ones first; see ``SurveyedClass``."""
        waiting: deque[tuple[Case, list[SentSubject]]] = deque()
        for case in self._cases():
            try:
                waiting.append((case, self._send(case)))
            except CannotBuild as reason:
                self._recorder.not_checked(case.subject.name, str(reason))
                yield self._row(case, None)
            if len(waiting) >= _AT_ONCE:
                yield self._concluded(*waiting.popleft())
        while waiting:
            yield self._concluded(*waiting.popleft())

    def _cases(self) -> Iterator[Case]:
        """What suites raise of the library, then a case for each class that it exports."""
        suites = {_SUITES.get(module, module) for module in self._modules} & set(suite_names())
        for suite in sorted(suites):
            try:
                for subject in find_suite(suite)(self._receivers, ()):
                    if subject.origin:
                        yield Case(
                            subject=subject,
                            serializers=tuple(self._serializers),
                            is_surveyed=True,
                        )
            except PortableErrorsError as error:
                self._recorder.trouble(str(error))
        found = [cls for module in self._modules for cls in classes_of_package(module)]
        classes = {
            type_name(cls): cls
            for cls in (*found, *self._named_classes.values())
            if not cls.__name__.startswith("_")
            and not self._is_half_imported(module_of(cls) or "?")
            and not self._declared.ignores(cls)
        }
        yield from population.cases(
            classes.values(), serializers=self._serializers, declared=self._declared
        )

    def _is_half_imported(self, module: str) -> bool:
        """Whether a module, or a package that it lies in, could not be imported.

        What it has defined until then is there, and found under no name.
        """
        return any(module == one or module.startswith(f"{one}.") for one in self._failures)

    def _send(self, case: Case) -> list[SentSubject]:
        outgoing = case.outgoing(self._receivers.serializers, traceback=False)
        subject = new_subject()
        return [
            self._policy.begin(by_serializer, how=how, subject=subject)
            for how, by_serializer in outgoing
        ]

    def _concluded(self, case: Case, sent: list[SentSubject]) -> Mapping[str, object]:
        self._policy.conclude(sent)
        return self._row(case, sent)

    def _row(self, case: Case, sent: list[SentSubject] | None) -> Mapping[str, object]:
        cls = sent[0].pending_trips[0].outgoing.cls if sent else None
        repaired = self._receivers.answered.repaired
        entries = self._recorder.take() or no_entries()
        if cls is not None and not self._is_named(cls):
            entries["details"] = []  # nobody reads them
        return {
            "row": SurveyedClass(
                cls=case.subject.name if cls is None else type_name(cls),
                names=[] if cls is None else self._names_of(cls),
                bases=[] if cls is None else self._bases_of(cls),
                entries=entries,
            ),
            "repaired": [
                [owner, base64.b64encode(payload).decode()] for owner, payload in repaired.take()
            ],
        }

    def _is_named(self, cls: type) -> bool:
        """Whether the project's code names a class, or one that it inherits from."""
        if self._named is None:
            return True
        if not self._named.keys().isdisjoint((type_name(cls), *self._names_of(cls))):
            return True
        caught = {name for name, is_caught in self._named.items() if is_caught}
        bases = mro_of(cls)[1:]
        known = [*map(type_name, bases), *(name for one in bases for name in self._names_of(one))]
        return not caught.isdisjoint(known)

    @functools.cached_property
    def _named_classes(self) -> dict[str, type[BaseException]]:
        """The classes that the project's code names, by these names.

        Also where another distribution has them: pydantic's ValidationError is pydantic_core's, and
        stands in the dictionary of no module of pydantic's.
        """
        found = ((name, class_named(name, _attribute)) for name in self._named or ())
        return {
            name: cls
            for name, cls in found
            if cls is not None and module_of(cls) not in sys.stdlib_module_names
        }

    def _names_of(self, cls: type) -> list[str]:
        if self._names is None:
            self._names = dict(_public_names(self._modules))
            for name, named in self._named_classes.items():
                names = self._names.setdefault(id(named), [])
                names += [name] if name not in names else []
        return self._names.get(id(cls), [])

    def _bases_of(self, cls: type) -> list[str]:
        tops = {module.partition(".")[0] for module in self._modules}
        return [
            type_name(base)
            for base in mro_of(cls)[1:]
            if (module_of(base) or "").partition(".")[0] in tops
        ]


def _attribute(module: str, qualname: str) -> type[BaseException] | None:
    """The exception class of a name in a module that is imported, lazy exports among them."""
    found: object = sys.modules.get(module)
    try:
        for part in qualname.split(".") if found is not None else ():
            found = getattr(found, part)
    except Exception:  # the library's code
        return None
    return found if is_exception_class(found) else None


def _says_errors(module: str) -> bool:
    """Whether a public module's own name says that it has exceptions."""
    name = module.rpartition(".")[2].lower()
    return _is_public(module) and any(word in name for word in _SAY_ERRORS)


def _is_public(module: str) -> bool:
    return not any(part.startswith("_") for part in module.split("."))


def _public_names(modules: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """The id of each exception class, and the names under which public modules hold it."""
    tops = tuple(modules)
    names: dict[int, list[str]] = {}
    for name, module in sorted(sys.modules.items(), key=lambda item: (item[0].count("."), item[0])):
        is_of_library = any(name == top or name.startswith(f"{top}.") for top in tops)
        if not is_of_library or not _is_public(name):
            continue
        for key, value in dict_of(module).items():
            if is_exception_class(value) and str(key)[:1] != "_":
                kept = names.setdefault(id(value), [])
                if len(kept) < _MOST_NAMES:
                    kept.append(f"{name}.{key}")
    yield from names.items()

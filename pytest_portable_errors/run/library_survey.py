"""Imports one library, and sends an exception of each of its classes; see ``library_worker.py``."""

from __future__ import annotations

import base64
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pytest_portable_errors.building.build import CannotBuild
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.judging.declarations import Declarations
from pytest_portable_errors.judging.policies import SentSubject
from pytest_portable_errors.judging.recorder import Recorder, no_entries
from pytest_portable_errors.judging.repo_wide_policy import RepoWidePolicy
from pytest_portable_errors.judging.verdicts import TripRequirements
from pytest_portable_errors.receiver.fields import module_of, type_name
from pytest_portable_errors.repair.loaded import reducers_in
from pytest_portable_errors.report.baseline import Baseline
from pytest_portable_errors.report.libraries import SurveyedClass
from pytest_portable_errors.sender.pending_trip import new_subject
from pytest_portable_errors.sender.project_context import ProjectContext
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.registry import Serializers
from pytest_portable_errors.survey import population
from pytest_portable_errors.survey.cases import Case, subjects_of, suite_names
from pytest_portable_errors.survey.class_names import ClassNames, is_public
from pytest_portable_errors.survey.packages import classes_of_package, import_package

_AT_ONCE = 12  # cases under way
# Of a package without a suite these modules are imported beside the package itself.
_SAY_ERRORS = ("exc", "err", "fault", "warn")
# What has a suite by another name than its own.
_SUITES = {"google.api_core": "google"}


class LibrarySurvey:
    """The survey of one library, as the sender asks for it."""

    def __init__(self, asked: Mapping[str, Any]) -> None:
        """``asked`` is what ``library_process.asked_of`` makes."""
        self._modules: Sequence[str] = asked["modules"]
        self._class_names = ClassNames(self._modules, asked["named"])
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
            wants_fixes=self._class_names.is_named,
        )
        self._failures: Mapping[str, str] = {}
        self.said: list[str] = []
        """What is to be told of the library beside its classes."""

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
                failures.update(import_package(module, is_meant=is_public))
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
                for subject in subjects_of(suite, self._receivers, ()):
                    if subject.origin:
                        yield Case(
                            subject=subject,
                            serializers=tuple(self._serializers),
                            is_surveyed=True,
                        )
            except PortableErrorsError as error:
                self.said.append(str(error))
        found = [cls for module in self._modules for cls in classes_of_package(module)]
        classes = {
            type_name(cls): cls
            for cls in (*found, *self._class_names.named_classes.values())
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
        if cls is not None and not self._class_names.is_named(cls):
            entries["details"] = []  # nobody reads them
        return {
            "row": SurveyedClass(
                cls=case.subject.name if cls is None else type_name(cls),
                names=[] if cls is None else self._class_names.of(cls),
                bases=[] if cls is None else self._class_names.bases_of(cls),
                entries=entries,
            ),
            "repaired": [
                [owner, base64.b64encode(payload).decode()] for owner, payload in repaired.take()
            ],
        }


def _says_errors(module: str) -> bool:
    """Whether a public module's own name says that it has exceptions."""
    name = module.rpartition(".")[2].lower()
    return is_public(module) and any(word in name for word in _SAY_ERRORS)

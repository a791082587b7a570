"""A test that is watched while it runs, and judged by what it raised.

It has a ``portable_exception`` marker, or the run checks all tests.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Generator, Iterable, Iterator
from typing import Any

import pytest

from pytest_portable_errors.diagnosis.printable import brief
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.judging.policies import Policy
from pytest_portable_errors.run.capture import CapturedExceptions
from pytest_portable_errors.run.capture_patch import CapturePatch
from pytest_portable_errors.run.marker import MarkerOptions, names
from pytest_portable_errors.run.pytest_api import PytestApi
from pytest_portable_errors.sender.garbage import uncollected
from pytest_portable_errors.sender.outgoing import Outgoing


class MonitoredTest:
    """Captures the exceptions of one test, and has them judged when its body has ended."""

    def __init__(
        self,
        marker_options: MarkerOptions,
        policy: Policy,
        captured: CapturedExceptions,
        patch: CapturePatch,
        pytest_api: PytestApi,
        *,
        is_told_once: bool,
    ) -> None:
        """Prepare for one test.

        Args:
            marker_options: What its markers ask for, or what holds for all tests.
            policy: Judges the exceptions.
            captured: Holds them; empty so far.
            patch: Shows what the test catches.
            pytest_api: Fails the test.
            is_told_once: Whether the summary tells what it lost.
        """
        self.marker_options = marker_options
        self.captured = captured
        self.section: str | None = None
        """What to add to the report of a test that failed by itself; None if nothing."""
        self.is_running = False
        """Whether the test's body runs now."""
        self._policy = policy
        self._patch = patch
        self._pytest_api = pytest_api
        self._fail = pytest_api.fail_told_once if is_told_once else pytest_api.fail
        self._subject: list[Outgoing] | None = None
        """The exception that had to escape, and did; None until then."""
        self._node_id = ""

    def watch(self, item: pytest.Item) -> Generator[None, object, object]:
        """Run the test's body as a hook wrapper, capture what it raises, and judge that.

        Args:
            item: The test.

        Returns:
            What the body returned. An exception that ``raises`` expects does not escape.

        Raises:
            NotPortable: The body passed, and what it raised is not portable.
            BaseException: The test's own failure or outcome.
        """
        self._node_id = str(item.nodeid)
        try:
            return (yield from self._watch(item))
        finally:
            self.captured.forget()  # later tests may ask whether anything is still alive
            self._subject = None

    def _watch(self, item: object) -> Generator[None, object, object]:
        result = None
        self.is_running = True
        with self._patch.showing(self.captured.see):
            try:
                result = yield
            except BaseException as exc:
                if issubclass(type(exc), (*self._pytest_api.outcomes, KeyboardInterrupt)):
                    raise
                if not self._accepts(exc):
                    self._fails_by_itself([exc])
                    raise
            finally:
                self.is_running = False
        # pytest keeps what escaped a unittest's method in a list of the item, and raises it later.
        escaped = getattr(item, "_excinfo", None) or []
        escaped[:] = [info for info in escaped if not self._accepts(info.value)]
        if escaped:
            self._fails_by_itself(info.value for info in escaped)
            return result
        text = self._failure_text(self._verdict)
        if text is not None:
            self._fail(text)
        return result

    def complete_report(self, report: pytest.TestReport, call: pytest.CallInfo[None]) -> None:
        """Add the section about lost exceptions to the report of this test's call.

        A report that comes while the body runs is a subtest's: its exception is captured.
        """
        if call.excinfo is not None and self.is_running:
            self.escaped_subtest(call.excinfo.value)
        if self.section is not None and report.failed:
            report.sections.append(("portable errors", self.section))

    def escaped_subtest(self, exc: BaseException) -> None:
        """Capture an exception that a subtest reported and the test's body never saw."""
        for raised in _raised_by_code(exc):
            self.captured.see(raised)

    def _accepts(self, exc: BaseException) -> bool:
        """Whether this is the exception that has to escape: the subject, and no failure."""
        if not issubclass(type(exc), self.marker_options.raises):
            return False
        self._subject = self.captured.see(exc)
        return bool(self._subject)

    def _fails_by_itself(self, escaped: Iterable[BaseException]) -> None:
        """Judge a test that failed with these exceptions; losses go to a section of its report."""
        for exc in escaped if "escaped" in self._patch.sources.kinds else ():
            for raised in _raised_by_code(exc):
                self.captured.see(raised)
        self.section = self._failure_text(lambda: self._missing_subject() or self._losses())

    def _verdict(self) -> str | None:
        """The failure of a test whose body passed; None if what it raised is portable."""
        return self._missing_subject() or self._too_few() or self._losses()

    def _missing_subject(self) -> str | None:
        if not self.marker_options.raises or self._subject is not None:
            return None
        expected = names(self.marker_options.raises)
        return f"no {expected} escaped the test: raises={expected} expects one"

    def _too_few(self) -> str | None:
        count, minimum = len(self.captured.outgoing), self.marker_options.at_least
        if count >= minimum or self._patch.is_blind:
            return None
        title = (
            f"captured {count} of at least {minimum} exceptions"
            if count
            else "captured no exception"
        )
        return (
            f"{title}\n\n"
            "  Seen is what pytest.raises, RaisesGroup and assertRaises catch, and what "
            "escapes the test.\n"
            f"  A check that saw nothing proves nothing; write at_least={count} if that is meant."
        )

    def _losses(self) -> str | None:
        if self.captured.is_empty:
            return None
        exceptions = [self._subject] if self._subject is not None else self.captured.outgoing
        with uncollected():
            subjects = [
                self._policy.begin(outgoing, arrives_as=self.marker_options.arrives_as)
                for outgoing in exceptions
                if outgoing
            ]
            return self._policy.conclude(
                subjects,
                not_sent=self.captured.not_sent,
                no_time_for=self.captured.no_time_for,
                test=self._node_id,
            )

    def _failure_text(self, verdict: Callable[[], str | None]) -> str | None:
        """What a verdict says, with the marker's reason; None if the test may pass."""
        try:
            text = verdict()
        except PortableErrorsError as error:
            return self._policy.trouble(error)
        if text and self.marker_options.reason:
            text += f"\n\n  reason  {brief(self.marker_options.reason)}"
        return text


def _raised_by_code(exc: Any) -> Iterator[BaseException]:
    """What the tested code raised, and not how a test says that it failed.

    A doctest's failure holds what was raised, if anything was.
    """
    kind = type(exc)
    # doctest raises it under --doctest-continue-on-failure.
    if issubclass(kind, _loaded("_pytest.doctest", "MultipleDoctestFailures")):
        for failure in exc.failures:
            yield from _raised_by_code(failure)
    elif issubclass(kind, _loaded("doctest", "UnexpectedException")):
        yield exc.exc_info[1]
    elif not issubclass(kind, (AssertionError, _loaded("doctest", "DocTestFailure"))):
        yield exc


def _loaded(module: str, name: str) -> Any:
    """The class of that name; (), which matches no class, where its module is not loaded."""
    return getattr(sys.modules.get(module), name, ())

"""A test that is watched while it runs, and judged by what it raised: under a
``portable_exception`` marker, or because all are."""

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
    """Collects the exceptions of one test, and has them judged when its body has ended."""

    def __init__(
        self,
        marker_options: MarkerOptions,
        policy: Policy,
        captured: CapturedExceptions,
        patch: CapturePatch,
        pytest_api: PytestApi,
    ) -> None:
        self.marker_options = marker_options
        self.captured = captured
        self.section: str | None = None
        """What to add to the report of a test that failed by itself."""
        self.is_running = False
        self._policy = policy
        self._patch = patch
        self._pytest_api = pytest_api
        self._subject: list[Outgoing] | None = None
        self._test = ""

    def watch(self, item: pytest.Item) -> Generator[None, object, object]:
        """Around the body of the test that ``item`` is. Ends in the test's own result or failure,
        or in ours."""
        self._test = str(item.nodeid)
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
        text = self._told(self._verdict)
        if text is not None:
            self._pytest_api.fail(text)
        return result

    def escaped_subtest(self, exc: BaseException) -> None:
        """An exception that a subtest reported and the test's body never saw."""
        for raised in _raised(exc):
            self.captured.see(raised)

    def _accepts(self, exc: BaseException) -> bool:
        """Whether this is the exception that must escape. It is then the subject, and no
        failure."""
        if not issubclass(type(exc), self.marker_options.raises):
            return False
        self._subject = self.captured.see(exc)
        return bool(self._subject)

    def _fails_by_itself(self, escaped: Iterable[BaseException]) -> None:
        for exc in escaped if "escaped" in self._patch.sources.kinds else ():
            for raised in _raised(exc):
                self.captured.see(raised)
        self.section = self._told(lambda: self._missing_subject() or self._losses())

    def _verdict(self) -> str | None:
        """The failure of a test whose body passed; None if what it raised is portable."""
        return self._missing_subject() or self._too_few() or self._losses()

    def _missing_subject(self) -> str | None:
        if not self.marker_options.raises or self._subject is not None:
            return None
        wanted = names(self.marker_options.raises)
        return f"no {wanted} escaped the test: raises={wanted} expects one"

    def _too_few(self) -> str | None:
        count, wanted = len(self.captured.outgoing), self.marker_options.at_least
        if count >= wanted or self._patch.is_blind:
            return None
        seen = (
            f"captured {count} of at least {wanted} exceptions"
            if count
            else "captured no exception"
        )
        return (
            f"{seen}\n\n"
            "  Seen is what pytest.raises, RaisesGroup and assertRaises catch, and what "
            "escapes the test.\n"
            f"  A check that saw nothing proves nothing; write at_least={count} if that is meant."
        )

    def _losses(self) -> str | None:
        outgoing = [self._subject] if self._subject is not None else self.captured.outgoing
        with uncollected():
            begun = [
                self._policy.begin(of_one, arrives_as=self.marker_options.arrives_as)
                for of_one in outgoing
                if of_one
            ]
            return self._policy.conclude(
                begun,
                skipped_shapes=self.captured.skipped_shapes,
                not_looked_at=self.captured.not_looked_at,
                test=self._test,
            )

    def _told(self, judge: Callable[[], str | None]) -> str | None:
        try:
            text = judge()
        except PortableErrorsError as error:
            return self._policy.trouble(error)
        if text and self.marker_options.reason:
            text += f"\n\n  reason  {brief(self.marker_options.reason)}"
        return text


def _raised(exc: Any) -> Iterator[BaseException]:
    """What the tested code raised: not the ways in which a test says that it failed. Those of
    doctests hold what was raised, if any."""
    kind = type(exc)
    # of --doctest-continue-on-failure
    if issubclass(kind, _loaded("_pytest.doctest", "MultipleDoctestFailures")):
        for failure in exc.failures:
            yield from _raised(failure)
    elif issubclass(kind, _loaded("doctest", "UnexpectedException")):
        yield exc.exc_info[1]
    elif not issubclass(kind, (AssertionError, _loaded("doctest", "DocTestFailure"))):
        yield exc


def _loaded(module: str, name: str) -> Any:
    return getattr(sys.modules.get(module), name, ())

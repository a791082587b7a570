"""A request that was sent to a receiver, and whose answer was not read yet."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pytest_portable_errors.diagnosis.shown import error_text
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver.described import Answer
from pytest_portable_errors.receiver_names import NAMED_RECEIVERS
from pytest_portable_errors.sender.client import Receiver
from pytest_portable_errors.sender.project import Imports
from pytest_portable_errors.sender.request import Request

_DJANGO = "django:setup"


@dataclass(slots=True, kw_only=True, eq=False)
class PendingAnswer:
    """A request on its way; its answer is waited for when it is needed."""

    request: Request
    plan: Imports
    """What the receiver may import."""
    wait: Callable[[PendingAnswer], Answer]
    """Waits for the answer: ``Receivers.answer``."""
    running: Receiver | None = None
    """The process that it was sent to. None: it was not sent, because the answer was known, or that
    process was ended."""
    number: int | None = None
    """The request's number there. None: it was not sent."""
    known: Answer | None = None
    """The answer. None: it was not read yet."""

    def answer(self) -> Answer:
        """Wait for the answer, whatever it is about; see ``usable_answer``.

        Raises:
            PortableErrorsError: The receiver cannot start.
        """
        return self.wait(self)

    def usable_answer(self) -> Answer:
        """Wait for an answer that is about the payload; its ``stage`` is a value of ``Stage``.

        Raises:
            PortableErrorsError: The receiver cannot start, lacks what the serializer needs, or its
                set-up raised.
        """
        answer, receiver = self.answer(), self.request.receiver
        if answer["stage"] == "loader":
            serializer, why = self.request.serializer, error_text(answer["error"])
            if answer["error"]["type"].endswith(".Moved"):  # of receiver/carriers/library.py
                told = answer["error"]["message"].get("text", why)
                raise PortableErrorsError(
                    f"serializer {serializer.name!r}, in receiver {receiver!r}: {told}"
                )
            if receiver in NAMED_RECEIVERS:
                raise PortableErrorsError(
                    f"serializer {serializer.name!r}: receiver {receiver!r} cannot import its "
                    f"loader {serializer.loader} ({why}). "
                    "Name the modules that it needs in `needs`"
                )
            raise PortableErrorsError(
                f"serializer {serializer.name!r} cannot be used in receiver {receiver!r} ({why}). "
                "Install it there, or choose another"
            )
        if answer["stage"] == "setup":
            default = " (in a Django project the default)" if answer["setup"] == _DJANGO else ""
            raise PortableErrorsError(
                f"portable_errors_receiver_setup = {answer['setup']}{default}: "
                f"raised {error_text(answer['error'])} in receiver {receiver!r}"
                + ("; none calls nothing" if default else "")
            )
        return answer

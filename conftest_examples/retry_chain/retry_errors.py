"""The gateway's errors. They take their chain along when they are pickled."""

from __future__ import annotations

from typing import Any


class GatewayError(Exception):
    """Arrives with the chain that it has here.

    Assigning ``__cause__`` sets ``__suppress_context__``, which therefore is restored last.
    """

    def __reduce__(self) -> tuple[Any, ...]:
        state = {
            **self.__dict__,
            "__cause__": self.__cause__,
            "__context__": self.__context__,
            "__suppress_context__": self.__suppress_context__,
        }
        return Exception.__new__, (type(self), *self.args), state


class MaxTokensError(GatewayError):
    """The answer was cut."""


class PaymentError(GatewayError):
    """The provider wants money first."""


class FallbackError(GatewayError):
    """The other provider failed, too."""


class UnkeptError(Exception):
    """For the control: an error like any other, which leaves its pickling to Python."""

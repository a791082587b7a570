"""The project's error for a model that did not answer. Its clients have this module, which needs
nothing but Python."""

from __future__ import annotations


class ModelCallFailed(Exception):
    """What a client wants to know of an error of LiteLLM, as texts and numbers.

    All of it is in ``args``, so pickle rebuilds it with one call of the class, and nothing can go
    missing on the way.
    """

    def __init__(self, kind: str, message: str, model: str, provider: str, status: int) -> None:
        super().__init__(kind, message, model, provider, status)
        self.kind = kind
        self.message = message
        self.model = model
        self.provider = provider
        self.status = status

    def __str__(self) -> str:
        return f"{self.provider}/{self.model} answered {self.status} ({self.kind}): {self.message}"

    @property
    def may_be_tried_again(self) -> bool:
        return self.status in (408, 429) or self.status >= 500


class StepOfAJobFailed(ModelCallFailed):
    """For readers that lack even this module, such as an operator's command line: it arrives as a
    RuntimeError that says the same."""

    def __reduce__(self) -> tuple[type[RuntimeError], tuple[str]]:
        return RuntimeError, (str(self),)

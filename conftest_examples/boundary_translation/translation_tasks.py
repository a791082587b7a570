"""Tasks whose model refuses, with and without a boundary."""

from __future__ import annotations

import litellm
from translation_boundary import at_the_boundary, translated
from translation_errors import StepOfAJobFailed


def ask_the_model() -> str:
    """A look-up fails, and then the provider refuses."""
    answers: dict[str, str] = {}
    try:
        return answers["the question"]
    except KeyError as missing:
        raise litellm.RateLimitError(
            "slow down", llm_provider="openai", model="gpt-4o"
        ) from missing


async def not_translated() -> str:
    return ask_the_model()


@at_the_boundary
async def from_none() -> str:
    return ask_the_model()


async def from_the_error() -> str:
    """The chain is kept in the worker, and only there."""
    try:
        return ask_the_model()
    except litellm.RateLimitError as error:
        raise translated(error) from error


async def for_a_command_line() -> str:
    try:
        return ask_the_model()
    except litellm.RateLimitError as error:
        raise translated(error, into=StepOfAJobFailed) from None


@at_the_boundary
async def of_the_project_itself() -> str:
    raise ValueError("no question")


TASKS = (not_translated, from_none, from_the_error, for_a_command_line, of_the_project_itself)

"""The project's tasks. What fails here is pickled by Docket's worker and rebuilt by the client that
asks for the result."""

from __future__ import annotations

from docket_models import HoldsTheStore, Memory, NamesTheStore, Store


async def ask_the_model() -> str:
    """A look-up fails, and then the provider refuses."""
    import litellm  # it takes seconds, and the other tasks do without

    answers: dict[str, str] = {}
    try:
        return answers["the question"]
    except KeyError as missing:
        raise litellm.RateLimitError(
            "Rate limit reached for gpt-4o", llm_provider="openai", model="gpt-4o"
        ) from missing


async def merge(memories: list[Memory]) -> Memory:
    """The newest, which replaces the others."""
    *others, newest = sorted(memories, key=lambda memory: memory.created)
    merged: Memory = newest.model_copy(update={"replaces": others})
    return merged


async def save_and_hold_the_store() -> None:
    """Fails with an exception that Docket's worker cannot pickle."""
    store = Store("memories")
    raise HoldsTheStore(f"{store.name} is full", store)


async def save_and_name_the_store() -> None:
    """Fails with one that it can."""
    store = Store("memories")
    raise NamesTheStore(f"{store.name} is full", store.name)

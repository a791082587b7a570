"""What runs in the background, and the application's own error."""

from __future__ import annotations

import litellm


class NoSuchMemory(Exception):
    """Of the shape that many projects have: pickle calls it with one argument, and it takes two."""

    def __init__(self, memory_id: str, namespace: str) -> None:
        super().__init__(f"no memory {memory_id} in {namespace}")
        self.memory_id = memory_id


async def extract_topics() -> None:
    """A look-up fails, and then the provider refuses."""
    try:
        raise NoSuchMemory("7", "alice")
    except NoSuchMemory as missing:
        raise litellm.RateLimitError(
            "Rate limit reached for gpt-4o", llm_provider="openai", model="gpt-4o"
        ) from missing

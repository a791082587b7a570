"""A worker as it runs in production: no pytest, no conftest. It imports the reducers where it
starts.

``python worker.py [--without-reducers]`` prints, in base64, what a Docket worker would store for a
task that failed with a rate limit.
"""

from __future__ import annotations

import base64
import sys

import cloudpickle
import litellm

if "--without-reducers" not in sys.argv:
    import portable_litellm  # noqa: F401  # for what importing it registers


def ask_the_model() -> None:
    """A task: a look-up fails, and then the provider refuses."""
    cache: dict[str, str] = {}
    try:
        cache["the answer"]
    except KeyError as missing:
        raise litellm.RateLimitError(
            "Rate limit reached for gpt-4o", llm_provider="openai", model="gpt-4o"
        ) from missing


if __name__ == "__main__":
    try:
        ask_the_model()
    except litellm.RateLimitError as error:
        sys.stdout.write(base64.b64encode(cloudpickle.dumps(error)).decode())

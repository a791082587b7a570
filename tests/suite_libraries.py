"""The suites of other libraries, and what each needs."""

from __future__ import annotations

import importlib.metadata

import pytest

NEEDS = {
    "aiohttp": "aiohttp",
    "anthropic": "anthropic",
    "botocore": "botocore",
    "click": "click",
    "google": "google-api-core",
    "grpc": "grpcio",
    "httpx": "httpx",
    "openai": "openai",
    "psycopg": "psycopg",
    "pydantic": "pydantic",
    "redis": "redis",
    "requests": "requests",
    "sqlalchemy": "SQLAlchemy",
}
"""Suite -> the distribution that it is about. LiteLLM's has tests of its own."""


def skip_unless_installed(suite: str) -> None:
    """Skip the test where the library of a suite is not installed."""
    try:
        importlib.metadata.version(NEEDS[suite])
    except importlib.metadata.PackageNotFoundError:
        pytest.skip(f"{NEEDS[suite]} is not installed")

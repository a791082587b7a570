"""Finds tokens of known services by their shapes, which gitleaks keeps (``gitleaks/shapes.json``).

The file is data: it is made by ``tests/refresh_secret_shapes.py``, and carries its licence.
"""

from __future__ import annotations

import functools
import importlib.resources
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

# What gitleaks finds by what stands around it only, or has no rule for.
_MORE = (
    ("Groq API key", ("gsk_",), r"\bgsk_[A-Za-z0-9]{16,}"),
    ("Hugging Face token", ("hf_",), r"\bhf_[A-Za-z0-9]{16,}"),
    ("Telegram bot token", (":aa",), r"\b\d{6,12}:AA[A-Za-z0-9_-]{30,}"),
    ("Twilio account SID", ("ac",), r"\bAC[0-9a-f]{32}\b"),
    ("PyPI token", ("pypi-",), r"\bpypi-[A-Za-z0-9_-]{24,}"),
    ("Docker token", ("dckr_",), r"\bdckr_(?:pat|oat)_[A-Za-z0-9_-]{16,}"),
    ("xAI API key", ("xai-",), r"\bxai-[A-Za-z0-9]{24,}"),
    ("Replicate token", ("r8_",), r"\br8_[A-Za-z0-9]{24,}"),
    ("Pinecone API key", ("pcsk_",), r"\bpcsk_[A-Za-z0-9_]{24,}"),
    ("Google OAuth secret", ("gocspx-",), r"\bGOCSPX-[A-Za-z0-9_-]{16,}"),
    ("Google OAuth token", ("ya29.",), r"\bya29\.[A-Za-z0-9_-]{16,}"),
    ("Stripe webhook secret", ("whsec_",), r"\bwhsec_[A-Za-z0-9+/=]{16,}"),
    ("Supabase token", ("sbp_",), r"\bsbp_[a-f0-9]{24,}"),
    ("Discord hook", ("/api/webhooks/",), r"/api/webhooks/\d{10,}/[A-Za-z0-9_-]{16,}"),
    ("Mailgun API key", ("key-",), r"\bkey-[0-9a-f]{32}\b"),
    ("Mailchimp API key", ("-us",), r"\b[0-9a-f]{32}-us\d{1,2}\b"),
    ("Figma token", ("figd_",), r"\bfigd_[A-Za-z0-9_-]{24,}"),
    ("New Relic key", ("nrak-", "nral"), r"\b(?:NRAK-[A-Z0-9]{24,}|[a-f0-9]{36,}NRAL)\b"),
    ("Sentry token", ("sntry",), r"\bsntry[us]_[A-Za-z0-9+/=_-]{24,}"),
    ("Airtable token", ("pat",), r"\bpat[A-Za-z0-9]{14}\.[a-f0-9]{32,}"),
    ("Vault recovery token", ("hvr.",), r"\bhvr\.[A-Za-z0-9_-]{16,}"),
)


@dataclass(frozen=True, slots=True)
class Shape:
    """The shape of one kind of token."""

    kind: str
    keywords: tuple[str, ...]
    """In small letters; a text that has none of them has no such token."""
    pattern: str
    """A regular expression; its first group, if it has one, is the token."""


def hints() -> tuple[str, ...]:
    """All keywords, each once."""
    return tuple(dict.fromkeys(word for shape in _shapes() for word in shape.keywords))


def tokens_in(text: str) -> Iterator[tuple[int, int, str]]:
    """Start, end and kind of each token in a text, in any order; some may overlap."""
    lowered = text.lower()
    for shape in _shapes():
        if any(word in lowered for word in shape.keywords):
            for match in _compiled(shape.pattern).finditer(text):
                group = 1 if match.re.groups and match[1] is not None else 0
                yield *match.span(group), shape.kind


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@functools.cache
def _shapes() -> tuple[Shape, ...]:
    files = importlib.resources.files("pytest_portable_errors.diagnosis")
    data = json.loads(files.joinpath("gitleaks/shapes.json").read_text("utf-8"))
    kept = [Shape(row["kind"], tuple(row["keywords"]), row["pattern"]) for row in data["shapes"]]
    return (*kept, *(Shape(*row) for row in _MORE))

"""Text that leaves us is bounded, on lines of its own, and harmless."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_portable_errors.diagnosis.printable import brief, clean

anything = st.text(st.characters(codec=None, exclude_categories=()))


@given(anything)
def test_clean_text_is_one_printable_line(raw: str) -> None:
    cleaned = clean(raw)
    cleaned.encode("utf-8")
    assert len(cleaned.splitlines()) <= 1
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in cleaned)


@given(anything, st.integers(40, 200))
def test_brief_text_is_bounded(raw: str, width: int) -> None:
    assert len(brief(raw, width)) <= width

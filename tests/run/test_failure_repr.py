"""A failure's text in colour."""

from __future__ import annotations

from pytest_portable_errors.run.failure_repr import FailureRepr

TEXT = "ValueError arrives changed: message\n\n  - message   a\n  + message   b"


class Writer:
    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, bool]]] = []

    def line(self, text: str, **markup: bool) -> None:
        self.lines.append((text, markup))


def test_colours() -> None:
    writer = Writer()
    failure = FailureRepr(TEXT, "test_shop.py", 7)
    failure.toterminal(writer)  # type: ignore[arg-type]  # as much of a terminal writer as is used
    assert [line for line, _ in writer.lines] == str(failure).splitlines()
    assert dict(writer.lines)["  - message   a"] == {"red": True}
    assert dict(writer.lines)["  + message   b"] == {"green": True}

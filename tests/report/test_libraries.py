"""The table of a project's dependencies."""

from __future__ import annotations

from typing import Any

from pytest_portable_errors.report.libraries import LibraryCounts, library_lines


def counts(library: str, **changes: Any) -> LibraryCounts:
    row = LibraryCounts(
        library=library,
        version="1.0",
        classes=3,
        whole=3,
        lossy=0,
        causes={},
        credentials=0,
        not_built=0,
        said=[],
        named=[],
    )
    return {**row, **changes}  # type: ignore[typeddict-item]  # keys of it


LOSSY = counts(
    "grpcio",
    classes=15,
    whole=12,
    lossy=2,
    causes={"value-cannot-be-pickled": 2},
    credentials=1,
    named=[[f"grpc.E{number}", "dumps-failed", f"a.py:{number} except"] for number in range(12)],
)


def text(*rows: LibraryCounts, verbosity: int = 0) -> list[str]:
    return [line.text for line in library_lines(rows, verbosity)]


def test_the_table() -> None:
    gone = counts("gone", version="", classes=0, whole=0, said=["it is not installed here"])
    none = counts("certifi", classes=0, whole=0)
    assert text(LOSSY, counts("attrs"), none, gone)[:6] == [
        "dependencies: 4 libraries, 18 exception classes: 2 do not arrive as they were",
        "library     classes  whole  lossy  credentials",
        "grpcio 1.0       15     12      2            1  2 value-cannot-be-pickled",
        "all whole: attrs 1.0",
        "no exception class: certifi 1.0",
        "gone: it is not installed here",
    ]


def test_ten_that_the_code_names_unless_all_are_asked_for() -> None:
    named = text(LOSSY)[3:]
    assert named[0] == "your code names 12 of those that are lost:"
    assert named[1] == "  a.py:0 except: grpc.E0 (dumps-failed)"
    assert (len(named), named[-1]) == (12, "  ... and 2 more, which -v names")
    assert len(text(LOSSY, verbosity=1)[3:]) == 13


def test_what_one_place_names_is_one_line() -> None:
    place = "a.py:1 except"
    named = [[f"lib.E{number}", "dumps-failed", place] for number in range(40)]
    told = text({**LOSSY, "named": [*named, ["lib.Other", "chain-dropped", place]]})
    assert told[3:] == [
        "your code names 41 of those that are lost:",
        "  a.py:1 except: lib.E0 and 39 more classes (dumps-failed)",
        "  a.py:1 except: lib.Other (chain-dropped)",
    ]


def test_none_that_the_code_names() -> None:
    row: LibraryCounts = {**LOSSY, "named": []}
    assert text(row)[-1] == "your code names none of those that are lost"


def test_all_whole_and_quiet() -> None:
    assert text(counts("attrs")) == [
        "dependencies: 1 library, 3 exception classes: all arrive",
        "all whole: attrs 1.0",
    ]
    assert len(text(LOSSY, counts("attrs"), verbosity=-1)) == 1


def test_texts_of_libraries_are_cleaned() -> None:
    assert "\x1b" not in "\n".join(text(counts("x", said=["\x1b[31m red"])))

"""Mutates valid payloads, reports, baselines and goldens at random, and has each read.

``nox -s fuzz`` runs it, or ``python tests/fuzz.py --seed 1 --examples 10000``. Nothing that is read
may hang, raise what no reader is documented to raise, or run code: every payload here that could
run any would leave a file.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import copy
import functools
import io
import json
import pickle
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

from pytest_portable_errors.__main__ import main
from pytest_portable_errors.diagnosis.checks import DEFAULT_CHECKS
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.goldens.check import NotChecked, begin
from pytest_portable_errors.goldens.golden import Golden
from pytest_portable_errors.goldens.golden import parse as parse_golden
from pytest_portable_errors.goldens.guard import Refused
from pytest_portable_errors.goldens.reader import Reader
from pytest_portable_errors.receiver.record import describe
from pytest_portable_errors.report.baseline import Baseline, Entry, parse
from pytest_portable_errors.sender.receivers import Receivers

SECONDS = 10  # that one reading may take
TOKENS = (
    *(
        b"\x80\x04",
        b"\x80\x05",
        b".",
        b"(",
        b"R",
        b"c",
        b"\x8c",
        b"\x93",
        b"\x81",
        b"b",
        b"0",
        b"2",
    ),
    *(
        b"}",
        b"]",
        b"l",
        b"t",
        b"d",
        b"s",
        b"u",
        b"e",
        b"a",
        b"h\x00",
        b"j\x00\x00\x00\x7f",
        b"\x94",
    ),
    *(b"null", b"{", b"[", b'"', b":", b",", b"1e999", b"NaN", b"\\ud800", b"\x00", b"\xff", b"\n"),
    *(b"cos\nsystem\n", b"builtins", b"eval", b"-1", b"99999999999999999999", b"::error::", b"#"),
)


class Runs:
    """What runs code if it is ever loaded: it makes a file."""

    def __init__(self, file: str) -> None:
        self.file = file

    def __reduce__(self) -> tuple[object, ...]:
        return open, (self.file, "w")


def mutated(content: bytes, chance: random.Random) -> bytes:
    """The content with one to eight changes: bytes changed, cut, doubled, or put in."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        place = chance.randrange(len(data) + 1)
        length = chance.choice((1, 1, 2, 8, 64))
        kind = chance.randrange(6)
        if kind == 0 and data:
            data[place % len(data)] = chance.randrange(256)
        elif kind == 1:
            del data[place : place + length]
        elif kind == 2:
            data[place:place] = data[place : place + length] * chance.choice((1, 2, 50))
        elif kind == 3:
            data[place:place] = chance.choice(TOKENS)
        elif kind == 4:
            data = data[:place] if chance.random() < 0.3 else data
        else:
            start = chance.randrange(len(data) + 1)
            data[place:place] = data[start : start + length]
    return bytes(data)


ODD: tuple[object, ...] = (
    None,
    True,
    -1,
    10**30,
    1.5,
    "",
    "x",
    "a\n::error::b",
    "\ud800",
    [],
    [1],
    {},
    {"a": {}},
)


def changed_in_place(content: bytes, chance: random.Random) -> bytes:
    """A JSON document in which one to four values, keys or items are others."""
    document = json.loads(content)
    for _ in range(chance.randint(1, 4)):
        owner = document
        while True:
            keys = list(owner) if isinstance(owner, dict) else list(range(len(owner)))
            key = chance.choice(keys)
            inner = owner[key]
            if not (isinstance(inner, (dict, list)) and inner) or chance.random() < 0.15:
                break
            owner = inner
        if chance.random() < 0.2:
            del owner[key]
        elif chance.random() < 0.2 and isinstance(owner, dict):
            owner[str(chance.choice(ODD))] = owner.pop(key)
        else:
            owner[key] = copy.deepcopy(chance.choice(ODD))
        if not document:
            break
    return json.dumps(document).encode()


def stored_files(folder: Path, canary: str) -> Iterator[bytes]:
    """Valid content of files that ``inspect`` reads."""
    try:
        try:
            raise KeyError("bob")
        except KeyError as cause:
            raise ValueError("not found", {"password": "hunter2", "n": [1.5, None]}) from cause
    except ValueError as error:
        exc: BaseException = error
    held = ValueError("held")
    held.value = Runs(canary)  # type: ignore[attr-defined]  # an attribute that is added
    payloads = [
        pickle.dumps(each, protocol=p)
        for each in (exc, held, OSError(2, "no", "f"))
        for p in range(6)
    ]
    payloads.append(pickle.dumps(Runs(canary)))
    yield from payloads
    encoded = [base64.b64encode(payload) for payload in payloads]
    yield b"\n".join(encoded)
    yield json.dumps({"error": encoded[2].decode(), "rows": [{"e": encoded[8].decode()}]}).encode()
    yield json.dumps({"exc_type": "E", "exc_message": ["a", 1], "exc_module": "shop"}).encode()
    file = folder / "rows.sqlite"
    with contextlib.closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE operation_outputs (error TEXT, output BLOB)")
        for payload, text in zip(payloads, encoded, strict=False):
            connection.execute("INSERT INTO operation_outputs VALUES (?, ?)", (text, payload))
        connection.commit()
    yield file.read_bytes()


class Hung(BaseException):
    """A reading took too long."""


def _too_long(*_: object) -> None:
    raise Hung


def quietly(read: Callable[[], object]) -> object:
    """Call it, without what it prints, and not for long."""
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(SECONDS)
    try:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            return read()
    except SystemExit as end:
        if end.code not in (0, 1, 2):
            raise
        return end.code
    except (PortableErrorsError, Refused):
        return "refused"
    finally:
        signal.alarm(0)


SHOP = """
import pytest
class NotFound(Exception):
    def __init__(self, name):
        super().__init__(f"not found: {name}")
class Whole(Exception):
    pass
def test_it():
    with pytest.raises(NotFound): raise NotFound("bob")
    with pytest.raises(Whole): raise Whole("a") from KeyError(1)
"""


def report(folder: Path) -> bytes:
    """The report of a run."""
    (folder / "test_shop.py").write_text(SHOP)
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--portable-errors")
    subprocess.run(
        [*command, "--portable-errors-report=report.json", "--rootdir=."],
        cwd=folder,
        check=False,
        stdout=subprocess.DEVNULL,
    )
    return (folder / "report.json").read_bytes()


def golden_of(payload: bytes) -> Golden:
    """A golden of this payload, signed anew."""
    return Golden(
        name="builtins.ValueError",
        project="shop",
        release="1.0",
        serializer="pickle",
        way="raised",
        python="3.12",
        payload=payload,
        record=describe(ValueError("a")),
    )


def readers(
    folder: Path, canary: str, receivers: Receivers
) -> dict[str, tuple[list[bytes], Callable[[Path], object]]]:
    """Valid contents, and what reads a file of such, by kind."""
    entries = (
        Entry.of(f"shop.E{n}", "loads-failed", "arrival", "pickle", "stdlib") for n in range(4)
    )
    stored = list(stored_files(folder, canary))
    reader = Reader(receivers=receivers, checks=DEFAULT_CHECKS, timeout=2.0)

    def inspect(file: Path) -> object:
        return [main(["inspect", str(file)]), main(["inspect", "--json", str(file)])]

    def read_golden(file: Path) -> object:
        return parse_golden(file.read_text(encoding="utf-8", errors="replace"), origin=file.name)

    def load_golden(file: Path) -> object:
        try:
            return begin(golden_of(file.read_bytes()), reader).conclude()
        except NotChecked:
            return None

    return {
        "payload": (stored, inspect),
        "report": ([report(folder)], lambda file: main(["merge", "-v", str(file)])),
        "baseline": (
            [Baseline(entries=frozenset(entries)).text().encode()],
            lambda file: parse(file.read_text(encoding="utf-8", errors="replace"), origin="b.txt"),
        ),
        "golden": ([golden_of(payload).text().encode() for payload in stored[:19]], read_golden),
        "golden's payload": (stored[:19], load_golden),
    }


def fuzz(seed: int, examples: int) -> int:
    """Read so many mutations; how many went wrong."""
    chance = random.Random(seed)
    wrong: Counter[str] = Counter()
    with contextlib.ExitStack() as cleanup:
        folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory()))
        canary = folder / "code was run"
        receivers = cleanup.enter_context(contextlib.closing(Receivers()))
        kinds = readers(folder, str(canary), receivers)
        slowest = 0.0
        for number in range(examples):
            kind = list(kinds)[number % len(kinds)]
            contents, read = kinds[kind]
            file = folder / "mutated"
            content = chance.choice(contents)
            is_json = kind in ("report", "golden") and chance.random() < 0.7
            file.write_bytes((changed_in_place if is_json else mutated)(content, chance))
            began = time.process_time()
            try:
                quietly(functools.partial(read, file))
            except BaseException as error:
                wrong[f"{kind}: {type(error).__name__}"] += 1
                kept = Path(tempfile.gettempdir()) / f"fuzz-{seed}-{number}-{kind}"
                kept.write_bytes(file.read_bytes())
                print(f"seed {seed}, example {number}, {kind}: {error!r}; kept as {kept.name}")
                traceback.print_exc()
            slowest = max(slowest, time.process_time() - began)
            if canary.exists():
                wrong[f"{kind}: code was run"] += 1
                canary.unlink()
    print(f"{examples:,} examples of seed {seed}; slowest {slowest:.2f} s; wrong: {dict(wrong)}")
    return sum(wrong.values())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--examples", type=int, default=10_000)
    chosen = parser.parse_args()
    sys.exit(1 if fuzz(chosen.seed, chosen.examples) else 0)

"""The module of reducers: what is read back, what stays, and what a plain Python does with it."""

from __future__ import annotations

import importlib.util
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_portable_errors.diagnosis.reducers_table import Table
from pytest_portable_errors.diagnosis.reducers_text import (
    BEGIN,
    END,
    SECRET_HEADERS,
    generated_part,
)
from pytest_portable_errors.repair.reducers import (
    NotOurs,
    generated,
    import_line,
    module_text,
    table_of,
)

CLASSES = st.frozensets(
    st.lists(st.sampled_from(["shop", "é", "_a", "Err", "in_class"]), min_size=2).map(".".join)
)


@st.composite
def tables(draw: st.DrawFn) -> Table:
    rebuilt, added, becomes = draw(CLASSES), draw(CLASSES), draw(CLASSES)
    names = st.lists(st.sampled_from(["lock", "_request", "ü"]), unique=True, min_size=1)
    return Table(
        rebuilt=rebuilt,
        added=added - rebuilt,
        left_behind={name: tuple(sorted(draw(names))) for name in rebuilt if draw(st.booleans())},
        becomes=dict.fromkeys(becomes - rebuilt - added, "builtins.RuntimeError"),
        raised_only=frozenset(name for name in rebuilt if draw(st.booleans())),
        known=draw(st.frozensets(st.sampled_from(["httpx", "é"]))),
    )


TABLE = Table(
    rebuilt=frozenset({"httpx.HTTPStatusError", "absent_library.errors.Absent"}),
    added=frozenset({"json.decoder.JSONDecodeError"}),
    left_behind={"httpx.HTTPStatusError": tuple(f"a_long_attribute_{n}" for n in range(9))},
    becomes={"shop.Secret": "builtins.RuntimeError"},
    raised_only=frozenset({"httpx.HTTPStatusError"}),
    known=frozenset({"httpx"}),
)


@given(tables())
def test_a_table_is_read_back_as_it_was(table: Table) -> None:
    assert table_of(module_text(None, table, "shop.reducers")) == table


@given(tables(), st.sampled_from(["", "x = 1\n", '"""Mine."""\n\nimport sys\n\n\n']), st.booleans())
def test_what_stands_around_stays_and_twice_is_once(
    table: Table, around: str, has_crlf: bool
) -> None:
    before = f"{around}{generated_part(Table())}{around}"
    if has_crlf:
        before = before.replace("\n", "\r\n")
        around = around.replace("\n", "\r\n")
    after = module_text(before, table, "reducers")
    assert after.startswith(f"{around}{BEGIN}")
    assert after.removesuffix(around).rstrip("\r\n").endswith(END)
    assert after.count("\n") == (after.count("\r\n") or after.count("\n"))
    assert module_text(after, table, "reducers") == after
    assert table_of(after) == table


@given(tables(), tables())
def test_what_is_merged_has_each_class_once_and_the_later_word_counts(
    one: Table, other: Table
) -> None:
    both = one.merged(other)
    assert both.classes == one.classes | other.classes
    assert len(both.classes) == len(both.rebuilt) + len(both.added) + len(both.becomes)
    assert both.rebuilt >= other.rebuilt
    assert both.added >= other.added
    assert both.without(other.classes).classes == one.classes - other.classes
    assert set(both.left_behind) <= both.rebuilt


def test_the_text_does_not_depend_on_the_order() -> None:
    names = ["b.B", "a.A", "c.C"]
    texts = {
        module_text(None, Table(rebuilt=frozenset(order), known=frozenset(order)), "m")
        for order in (names, names[::-1], sorted(names))
    }
    assert len(texts) == 1
    code = (
        "from pytest_portable_errors.repair.reducers import *\n"
        "names = frozenset({'b.B', 'a.A', 'c.C', 'd.D'})\n"
        "print(module_text(None, Table(rebuilt=names, left_behind={n: ('b', 'a') for n in names}), 'm'))"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "2")
    }
    assert len(outputs) == 1


# --- marks


@pytest.mark.parametrize("text", [f"{BEGIN}\nx = 1\n", f"x = 1\n{END}\n", f"{END}\n{BEGIN}\n"])
def test_one_mark_alone_is_refused(text: str) -> None:
    with pytest.raises(NotOurs, match="one of its two marks is missing"):
        table_of(text)
    with pytest.raises(NotOurs, match="one of its two marks is missing"):
        module_text(text, TABLE, "m")


@pytest.mark.parametrize(
    "body", ["REBUILT: list[str] = [\n", "REBUILT: list[str] = list()\n", "x = 1\n"]
)
def test_a_generated_part_that_was_changed_is_refused(body: str) -> None:
    with pytest.raises(NotOurs, match="its generated part cannot be read: "):
        table_of(f"{BEGIN}\n{body}{END}\n")


def test_a_file_without_marks_has_an_empty_table_and_gets_its_part_below() -> None:
    mine = '"""Mine."""\n\nx = 1\n'
    assert (table_of(mine), generated(mine)) == (Table(), "")
    assert module_text(mine, TABLE, "m") == f"{mine}\n\n{generated_part(TABLE)}"
    assert module_text("\n", TABLE, "m") == generated_part(TABLE)


def test_a_last_line_without_a_line_break_is_a_mark() -> None:
    text = module_text(None, TABLE, "m")
    assert table_of(text.rstrip("\n")) == TABLE
    assert module_text(text.rstrip("\n"), Table(), "m") == module_text(None, Table(), "m")


def test_what_a_formatter_has_done_stays_until_the_table_changes() -> None:
    text = module_text(None, TABLE, "m")
    formatted = text.replace('"httpx"', "'httpx'").replace("\n    ", "\n  ")
    assert formatted != text
    assert module_text(formatted, TABLE, "m") == formatted
    assert module_text(formatted, Table(), "m") == module_text(None, Table(), "m")


@pytest.mark.parametrize(
    ("module", "line"),
    [("shop.api.reducers", "from shop.api import reducers"), ("reducers", "import reducers")],
)
def test_the_module_says_how_it_is_imported(module: str, line: str) -> None:
    assert import_line(module) == line
    assert f"starts: {line}\n" in module_text(None, TABLE, module)


# --- the tools' opinion


@pytest.mark.parametrize("table", [Table(), TABLE], ids=["empty", "full"])
@pytest.mark.parametrize(
    ("tool", "args"),
    [
        ("ruff", ("format", "--isolated", "--no-cache", "--check")),
        ("ruff", ("check", "--isolated", "--no-cache")),
        ("ruff", ("check", "--isolated", "--no-cache", "--select=E,F,W,I,UP,B,C4,SIM,RET,PIE,D1")),
        ("mypy", ("--strict", "--config-file=", "--cache-dir=")),
    ],
    ids=["format", "check", "check more", "mypy"],
)
def test_tools_find_nothing(tmp_path: Path, table: Table, tool: str, args: tuple[str, ...]) -> None:
    if importlib.util.find_spec(tool) is None:
        pytest.skip(f"{tool} is not installed")
    (tmp_path / "reducers.py").write_text(module_text(None, table, "reducers"))
    if "D1" in args[-1]:
        args = (*args, "--ignore=D105,D107")  # of methods that Python names
    done = subprocess.run(
        [sys.executable, "-m", tool, *args, "reducers.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


# --- in a plain Python

SENDER = """
import pickle, sys
sys.modules["pytest_portable_errors"] = None
sys.modules["pytest"] = None
if sys.argv[1] == "registers":
    import reducers
{head}
exc = {made}
sys.stdout.buffer.write(pickle.dumps(exc))
"""


def sent(folder: Path, made: str, head: str = "", *, registers: bool = True) -> bytes:
    """What a new process pickles, that has the module or has not."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            SENDER.format(made=made, head=head),
            "registers" if registers else "no",
        ],
        cwd=folder,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "reducers.py").write_text(module_text(None, TABLE, "reducers"))
    return tmp_path


CHAINED = """
import json
def chained():
    try:
        try:
            {}["key"]
        except KeyError as error:
            raise OSError(2, "no file", "f.txt") from error
    except OSError as error:
        exc = json.JSONDecodeError("m", "doc", 1)
        exc.__cause__ = error
        exc.add_note("a note") if hasattr(exc, "add_note") else None
        return exc
"""


def test_a_json_error_arrives_with_its_chain(folder: Path) -> None:
    table = Table(rebuilt=frozenset({"json.decoder.JSONDecodeError"}))
    (folder / "reducers.py").write_text(module_text(None, table, "reducers"))
    exc = pickle.loads(sent(folder, "chained()", CHAINED))
    assert isinstance(exc, json.JSONDecodeError)
    assert (exc.msg, exc.doc, exc.pos, exc.lineno) == ("m", "doc", 1, 1)
    cause = exc.__cause__
    assert isinstance(cause, FileNotFoundError)
    assert (cause.filename, cause.args) == ("f.txt", (2, "no file"))
    assert repr(cause.__cause__) == "KeyError('key')"
    assert exc.__suppress_context__
    # The control: plain pickle keeps no chain.
    assert pickle.loads(sent(folder, "chained()", CHAINED, registers=False)).__cause__ is None


def test_what_its_own_reducer_leaves_out_is_added(folder: Path) -> None:
    made = "chained()"
    head = CHAINED.replace("exc.__cause__", "exc.extra")
    exc = pickle.loads(sent(folder, made, head))
    assert (exc.msg, str(exc.extra)) == ("m", "[Errno 2] no file: 'f.txt'")
    assert not hasattr(pickle.loads(sent(folder, made, head, registers=False)), "extra")


OWN_DOC = "json.JSONDecodeError('m', type('Doc', (str,), {})('doc'), 1)"


def test_where_its_own_reducer_fails_a_base_arrives(folder: Path) -> None:
    code = f"import json, pickle; pickle.dumps({OWN_DOC})"
    plain = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert plain.returncode == 1, "the control: plain pickle cannot do it"
    exc = pickle.loads(sent(folder, OWN_DOC, "import json"))
    assert (type(exc), exc.args) == (ValueError, ("m: line 1 column 2 (char 1)",))


def test_what_was_added_and_cannot_be_pickled_stays_behind(folder: Path) -> None:
    head = (
        "import json, threading\ndef held():\n    exc = json.JSONDecodeError('m', 'doc', 1)\n"
        "    exc.lock, exc.own = threading.Lock(), exc\n    exc.kept = 7\n    return exc"
    )
    exc = pickle.loads(sent(folder, "held()", head))
    assert (exc.msg, exc.lock, exc.kept) == ("m", None, 7)


def test_a_cause_is_rebuilt_by_its_own_reducer(tmp_path: Path) -> None:
    pydantic_core = pytest.importorskip("pydantic_core")
    refused = pydantic_core.ValidationError
    table = Table(
        rebuilt=frozenset({"builtins.KeyError"}),
        added=frozenset({f"{refused.__module__}.{refused.__name__}"}),
    )
    (tmp_path / "reducers.py").write_text(module_text(None, table, "reducers"))
    head = (
        "import pydantic\ndef chained():\n    try:\n"
        "        pydantic.TypeAdapter(int).validate_python('x')\n"
        "    except ValueError as error:\n        exc = KeyError(1)\n"
        "        exc.__cause__ = error\n        return exc"
    )
    cause = pickle.loads(sent(tmp_path, "chained()", head)).__cause__
    assert (type(cause), cause.error_count()) == (refused, 1)


HTTP = """
import httpx
request = httpx.Request("POST", "https://a.example", headers={
    "Authorization": "Bearer sk-1234567890", "X-API-Key": "k-1234567890", "X-Trace": "t",
})
response = httpx.Response(500, request=request, headers={"Set-Cookie": "s-1234567890", "X-Kept": "k"})
"""
STATUS_ERROR = "httpx.HTTPStatusError('m', request=request, response=response)"


def test_an_httpx_error_arrives_without_its_credentials(folder: Path) -> None:
    httpx = pytest.importorskip("httpx")
    payload = sent(folder, STATUS_ERROR, HTTP)
    exc = pickle.loads(payload)
    assert isinstance(exc, httpx.HTTPStatusError)
    assert (str(exc), exc.response.status_code) == ("m", 500)
    assert dict(exc.request.headers.items())["x-trace"] == "t"
    assert exc.response.headers["x-kept"] == "k"
    for secret in (b"sk-1234567890", b"k-1234567890", b"s-1234567890"):
        assert secret not in payload
    kept = {*exc.request.headers, *exc.response.headers, *exc.response.request.headers}
    assert kept.isdisjoint(SECRET_HEADERS)
    # The control: the request that is sent by hand has them.
    assert b"sk-1234567890" in sent(folder, "request", HTTP)


def test_the_sender_keeps_its_credentials(folder: Path) -> None:
    pytest.importorskip("httpx")
    made = f"[pickle.dumps({STATUS_ERROR}), dict(request.headers), dict(response.headers)]"
    _, request, response = pickle.loads(sent(folder, made, HTTP))
    assert request["authorization"] == "Bearer sk-1234567890"
    assert response["set-cookie"] == "s-1234567890"


def test_an_error_that_the_readers_may_lack_arrives_as_text(folder: Path) -> None:
    pytest.importorskip("httpx")
    (folder / "own.py").write_text("class Own(Exception):\n    pass\n")
    head = (
        f"{HTTP}\nimport own\ndef chained(exc):\n    exc.__cause__ = own.Own('why')\n    return exc"
    )
    exc = pickle.loads(sent(folder, f"chained({STATUS_ERROR})", head))
    assert repr(exc.__cause__) == "RuntimeError('own.Own: why')"


def test_what_cannot_be_pickled_stays_behind(folder: Path) -> None:
    pytest.importorskip("httpx")
    head = (
        f"{HTTP}\nimport threading\ndef held(exc):\n    exc.lock = threading.Lock()\n    return exc"
    )
    exc = pickle.loads(sent(folder, f"held({STATUS_ERROR})", head))
    assert (str(exc), exc.lock) == ("m", None)


def test_a_loop_of_causes_and_a_long_chain_end(folder: Path) -> None:
    table = Table(rebuilt=frozenset({"builtins.KeyError"}))
    (folder / "reducers.py").write_text(module_text(None, table, "reducers"))
    head = (
        "def loop():\n    a, b = KeyError('a'), KeyError('b')\n    a.__cause__, b.__cause__ = b, a\n    return a\n"
        "def long():\n    exc = first = KeyError(0)\n    for n in range(500):\n"
        "        exc.__cause__ = KeyError(n)\n        exc = exc.__cause__\n    return first\n"
    )
    exc = pickle.loads(sent(folder, "loop()", head))
    assert repr(exc.__cause__) == "KeyError('b')"
    exc = pickle.loads(sent(folder, "long()", head))
    assert isinstance(exc.__cause__, KeyError)


def test_libraries_that_are_not_installed_are_skipped(folder: Path) -> None:
    names = frozenset(
        {"absent_library.Absent", "json.Gone", "json.decoder.Gone.Inner", "json.absent.Absent"}
    )
    table = Table(rebuilt=names, becomes={"builtins.KeyError": "builtins.RuntimeError"})
    (folder / "reducers.py").write_text(module_text(None, table, "reducers"))
    # The control: one that is there is registered.
    assert repr(pickle.loads(sent(folder, "KeyError('a')"))) == "RuntimeError(\"'a'\")"


def test_a_class_in_a_class_is_found(folder: Path) -> None:
    (folder / "own.py").write_text(
        "class Outer:\n    class Own(Exception):\n        def __init__(self, a, b):\n"
        "            super().__init__(a)\n            self.b = b\n"
    )
    table = Table(rebuilt=frozenset({"own.Outer.Own"}))
    (folder / "reducers.py").write_text(module_text(None, table, "reducers"))
    code = "import pickle, sys; exc = pickle.load(sys.stdin.buffer); print(exc.args, exc.b)"
    shown = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=folder,
            input=sent(folder, "own.Outer.Own(1, 2)", "import own", registers=registers),
            capture_output=True,
            check=False,
        )
        for registers in (True, False)
    ]
    assert shown[0].stdout == b"(1,) 2\n"
    assert b"missing 1 required positional argument" in shown[1].stderr


LIBRARY = """
import dataclasses, threading, types
from typing import NamedTuple

class Base(Exception):
    pass

class Code:
    pass

class _Raised(Base):
    def __init__(self, state):
        super().__init__(state)
        self._state = state
        self.hint = "slow down"

    def __str__(self):
        return f"refused: {self._state['details']}"

    def code(self):
        return 7

    def details(self):
        return self._state["details"]

    def cancel(self):
        raise AssertionError("nobody asked for that")

class _Opaque(Base):
    def __init__(self, lock):
        super().__init__(lock)
        self._lock = lock

    def __str__(self):
        return f"refused: {'locked' if self._lock.locked() else 'unlocked'}"

class Request(NamedTuple):
    url: str
    headers: object

@dataclasses.dataclass(frozen=True)
class Record:
    url: str
    headers: object

@dataclasses.dataclass(frozen=True, slots=True)
class SlottedRecord:
    url: str
    headers: object

class Deprecated(Base):
    @property
    def code(self):
        raise SystemExit("a property was asked")

class Syntax(SyntaxError):
    def __init__(self, lock, text):
        super().__init__(text)
        self.lock = lock

class Decode(UnicodeDecodeError):
    pass

class Frozen(Exception):
    def __init__(self, code, text):
        self.code = code
        super().__init__(text)
        self.is_frozen = True

    def __setattr__(self, name, value):
        if name not in ("__cause__", "__context__") and "is_frozen" in self.__dict__:
            raise AttributeError("frozen")
        super().__setattr__(name, value)

class FromRust(Exception):
    __module__ = "acme._rust.errors"

class Kept(Exception):
    def __init__(self, request):
        super().__init__(request)
        self.request = request

    def __str__(self):
        return f"refused: {self.request.url}"

class Holds(Exception):
    pass

class Ends(Base):
    def __del__(self):
        self.lock.locked()

def state():
    return {"details": "no order", "lock": threading.Lock()}

def attr_record():
    return __import__("attr_record")
"""
"""A library: an error that is nothing without what cannot be pickled, and some that can be."""


@pytest.fixture
def library(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (folder / "acme.py").write_text(LIBRARY)
    (folder / "attr_record.py").write_text(
        "import attr\n@attr.s(frozen=True, slots=True)\nclass Frozen:\n"
        "    url = attr.ib()\n    headers = attr.ib()\n"
    )
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.delitem(sys.modules, "acme", raising=False)
    return folder


def with_table(folder: Path, made: str, **table: object) -> object:
    text = module_text(None, Table(**table), "reducers")  # type: ignore[arg-type]  # its fields
    (folder / "reducers.py").write_text(text)
    loaded: object = pickle.loads(sent(folder, made, "import acme, threading, types"))
    return loaded


def test_a_base_has_the_message_the_attributes_and_the_answers(library: Path) -> None:
    exc: Any = with_table(
        library, "acme._Raised(acme.state())", becomes={"acme._Raised": "acme.Base"}
    )
    assert (type(exc).__name__, str(exc), exc.hint) == ("Base", "refused: no order", "slow down")
    assert (exc.code(), exc.details()) == (7, "no order")
    assert exc._state == {"details": "no order", "lock": None}, "what can travel of it"
    assert not hasattr(exc, "cancel"), "what acts is not called"


def test_an_answer_that_cannot_be_pickled_is_left_out(library: Path) -> None:
    made = (
        "[exc := acme._Raised(acme.state()), "
        "setattr(type(exc), 'code', lambda self: threading.Lock())][0]"
    )
    exc = with_table(library, made, becomes={"acme._Raised": "acme.Base"})
    assert not hasattr(exc, "code")


def test_a_base_of_python_s_has_the_message_where_it_keeps_that_in_c(library: Path) -> None:
    made = "acme.Syntax(threading.Lock(), 'no colon')"
    exc = with_table(library, made, becomes={"acme.Syntax": "builtins.SyntaxError"})
    assert (type(exc), str(exc)) == (SyntaxError, "no colon")
    made = "acme.Decode('utf-8', b'a', 0, 1, 'no text')"
    exc = with_table(library, made, becomes={"acme.Decode": "builtins.UnicodeDecodeError"})
    assert type(exc) is UnicodeDecodeError, "it cannot be made of a text, and arrives"


def test_one_that_is_frozen_from_its_last_attribute_on_is_rebuilt(library: Path) -> None:
    """minio's S3Error is, and lets nobody but Python's machinery set anything then."""
    made = (
        "[exc := acme.Frozen(7, 'no'), setattr(exc, '__cause__', KeyError('k')), "
        "setattr(exc, '__context__', KeyError('k'))][0]"
    )
    exc: Any = with_table(library, made, rebuilt=frozenset({"acme.Frozen"}))
    assert (type(exc).__name__, str(exc), exc.code, exc.is_frozen) == ("Frozen", "no", 7, True)
    assert repr(exc.__cause__) == "KeyError('k')"
    assert exc.__suppress_context__


def test_a_class_of_a_module_that_nobody_finds_has_its_public_name(library: Path) -> None:
    """cryptography's VerificationError says that it is of a module of Rust's."""
    exc = with_table(library, "acme.FromRust('m')", becomes={"acme.FromRust": "acme.Base"})
    assert (type(exc).__name__, str(exc)) == ("Base", "m")


def test_no_property_is_asked_for_an_answer(library: Path) -> None:
    """It may be deprecated, as aiohttp's is, and warn whoever pickles the error."""
    exc = with_table(library, "acme.Deprecated('m')", becomes={"acme.Deprecated": "acme.Base"})
    assert not hasattr(exc, "code")


RECORDS = ["acme.Request", "acme.Record", "acme.SlottedRecord", "acme.attr_record().Frozen"]


@pytest.mark.parametrize("record", RECORDS)
def test_parts_of_a_record_are_kept(library: Path, record: str) -> None:
    """aiohttp 3.9 has its request's facts in a class of attrs, 3.14 in a named tuple."""
    if "attr_record" in record:
        pytest.importorskip("attr")
    made = f"acme.Kept({record}('/orders', types.MappingProxyType({{'a': 1, 'b': 2}})))"
    exc: Any = with_table(library, made, rebuilt=frozenset({"acme.Kept"}))
    assert (str(exc), exc.request.headers) == ("refused: /orders", {"a": 1, "b": 2})
    assert type(exc.request).__name__ == record.rpartition(".")[2]


def test_parts_of_a_value_are_kept(library: Path) -> None:
    made = "acme.Holds({'lock': threading.Lock(), 'order': 7}, [threading.Lock(), 8])"
    exc: Any = with_table(library, made, rebuilt=frozenset({"acme.Holds"}))
    assert exc.args == ({"lock": None, "order": 7}, [None, 8])


def test_one_that_is_held_becomes_its_nearest_base_with_a_name(library: Path) -> None:
    """As it does where it is the cause; and where both are one, that stays so."""
    made = (
        "[exc := acme.Holds('m', [inner := acme._Opaque(threading.Lock())]), "
        "setattr(exc, '__cause__', inner), setattr(exc, 'last', inner)][0]"
    )
    exc: Any = with_table(library, made, rebuilt=frozenset({"acme.Holds"}))
    [held] = exc.args[1]
    assert (type(held).__name__, str(held)) == ("Base", "refused: unlocked")
    assert str(exc.__cause__) == "refused: unlocked"
    assert exc.last is exc.__cause__


def test_a_class_with_an_end_of_its_own_becomes_its_base(library: Path) -> None:
    made = "[exc := acme.Ends('m'), setattr(exc, 'lock', threading.Lock())][0]"
    exc = with_table(library, made, rebuilt=frozenset({"acme.Ends"}))
    assert (type(exc).__name__, str(exc)) == ("Base", "m")


def test_a_circle_of_what_is_held_ends(library: Path) -> None:
    made = (
        "[a := acme.Holds('a'), b := acme.Holds('b'), setattr(a, 'other', b), "
        "setattr(b, 'other', a), setattr(a, 'lock', threading.Lock())][0]"
    )
    exc = with_table(library, made, rebuilt=frozenset({"acme.Holds"}))
    assert str(exc) == "a"


PROXY = "multidict.CIMultiDictProxy(multidict.CIMultiDict(HEADERS))"


@pytest.mark.parametrize(
    ("library_name", "head"),
    [
        ("requests", "requests.Request('GET', 'http://shop.example', headers=HEADERS).prepare()"),
        *(("multidict", f"{record}('/', {PROXY})") for record in RECORDS),
    ],
    ids=["requests", *RECORDS],
)
def test_credentials_in_headers_of_others_are_left_out(
    library: Path, library_name: str, head: str
) -> None:
    pytest.importorskip(library_name)
    if "attr_record" in head:
        pytest.importorskip("attr")
    made = f"acme.Kept({head})"
    text = module_text(None, Table(rebuilt=frozenset({"acme.Kept"})), "reducers")
    (library / "reducers.py").write_text(text)
    imports = (
        f"import acme, {library_name}\nHEADERS = {{'Authorization': 'Bearer sk-1', 'x-kept': 'k'}}"
    )
    payload = sent(library, made, imports)
    exc: Any = pickle.loads(payload)
    assert dict(exc.request.headers) == {"x-kept": "k"}
    assert b"sk-1" not in payload
    assert library_name == "multidict" or b"sk-1" in sent(
        library, made, imports, registers=False
    ), "the control"

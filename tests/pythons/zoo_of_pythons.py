"""Exceptions for every pair of Pythons: what the standard library raises, values of all kinds, and
classes with each habit, some of them broken.

Both sides import this file, the oldest is Python 3.8; so nothing in it is newer than that.
"""

import argparse
import array
import asyncio
import binascii
import collections
import concurrent.futures
import configparser
import contextlib
import copyreg
import csv
import dataclasses
import datetime
import decimal
import email.errors
import enum
import fractions
import functools
import http.client
import io
import ipaddress
import json
import lzma
import operator
import os
import pathlib
import queue
import random
import re
import shutil
import socket
import sqlite3
import ssl
import statistics
import string
import struct
import subprocess
import tarfile
import threading
import traceback
import types
import typing
import unittest
import urllib.error
import urllib.parse
import uuid
import warnings
import weakref
import xml.etree.ElementTree as ElementTree
import zipfile
import zlib


class Plain(Exception):
    pass


class Two(Exception):
    def __init__(self, code, reason):
        super().__init__("{}: {}".format(code, reason))
        self.code, self.reason = code, reason


class Named(Exception):
    def __init__(self, *, name):
        super().__init__(name)
        self.name = name


class Nothing(Exception):
    def __init__(self):
        super().__init__("nothing to say")


class Doubles(Exception):
    def __init__(self, who):
        super().__init__("not found: " + who)


class ReducesWell(Two):
    def __reduce__(self):
        return type(self), (self.code, self.reason), self.__dict__


class ReducesToBase(Exception):
    def __reduce__(self):
        return ValueError, self.args


class DropsState(Exception):
    def __reduce__(self):
        return type(self), self.args


class GetsState(Exception):
    def __getstate__(self):
        return {"kept": 1}


class SetsState(Exception):
    def __setstate__(self, state):
        self.__dict__.update(state or {}, was_set=True)


class RefusesState(Exception):
    def __setstate__(self, state):
        raise TypeError("no state")


class Slotted(Exception):
    __slots__ = ("code",)


class OfOs(OSError):
    pass


class OfKey(KeyError):
    pass


class OfUnicode(UnicodeDecodeError):
    pass


class OfGroupless(RuntimeError):
    """Raised for a group where there is none."""


class NewTakesTwo(Exception):
    def __new__(cls, code, reason):
        return super().__new__(cls, code)

    def __init__(self, code, reason):
        super().__init__(code, reason)


class NewLosesOne(Exception):
    def __new__(cls, code, reason):
        return super().__new__(cls, code)

    def __init__(self, code, reason):
        super().__init__(code)


@dataclasses.dataclass
class Data(Exception):
    code: int
    reason: str


@dataclasses.dataclass(frozen=True)
class Frozen(Exception):
    code: int


class Told(Exception):
    def __str__(self):
        return "code {}".format(self.code)


class Registered(Exception):
    def __init__(self, code, reason):
        super().__init__(code)
        self.code, self.reason = code, reason


copyreg.pickle(Registered, lambda error: (Registered, (error.code, error.reason)))


class Meta(type):
    pass


class WithMeta(Exception, metaclass=Meta):
    pass


class Generic(Exception, typing.Generic[typing.TypeVar("T")]):
    pass


class Color(enum.Enum):
    RED = 1


class Level(enum.IntEnum):
    LOW = 1


class Flags(enum.Flag):
    A = 1
    B = 2


class Point(typing.NamedTuple):
    x: int
    y: int


class Forgets:
    def __init__(self):
        self.kept, self.lost = 1, 2

    def __setstate__(self, state):
        self.kept = state["kept"]


class Keeps:
    def __init__(self):
        self.kept = 1


def with_attributes(exc, **attributes):
    for name, value in attributes.items():
        setattr(exc, name, value)
    return exc


def holding(value):
    return with_attributes(ValueError("holds"), value=value)


def caused(exc, cause):
    exc.__cause__ = cause
    return exc


def within(exc, context):
    exc.__context__ = context
    return exc


def noted(exc, *notes):
    exc.__notes__ = list(notes)
    return exc


def raised_by(function, *args):
    try:
        function(*args)
    except BaseException as error:
        return error.with_traceback(None)
    raise AssertionError("{} raised nothing".format(function))


def filled(exc, *args):
    exc.__init__(*args)
    return exc


OF_PYTHON = [
    "ArithmeticError",
    "AssertionError",
    "AttributeError",
    "BlockingIOError",
    "BrokenPipeError",
    "BufferError",
    "ChildProcessError",
    "ConnectionAbortedError",
    "ConnectionError",
    "ConnectionRefusedError",
    "ConnectionResetError",
    "EOFError",
    "FileExistsError",
    "FloatingPointError",
    "GeneratorExit",
    "IndentationError",
    "IndexError",
    "InterruptedError",
    "IsADirectoryError",
    "KeyboardInterrupt",
    "LookupError",
    "MemoryError",
    "NotADirectoryError",
    "NotImplementedError",
    "OverflowError",
    "PermissionError",
    "ProcessLookupError",
    "RecursionError",
    "ReferenceError",
    "RuntimeError",
    "StopAsyncIteration",
    "SystemError",
    "TabError",
    "TimeoutError",
    "TypeError",
    "UnboundLocalError",
    "UserWarning",
    "ValueError",
    "ZeroDivisionError",
]


def subjects():
    """Name -> exception; each is made anew."""
    import builtins

    found = {name: getattr(builtins, name)("text") for name in OF_PYTHON}
    found.update(
        # as their constructors, or the interpreter, fill them
        FileNotFoundError=FileNotFoundError(2, "no such file", "a"),
        two_files=OSError(18, "cross-device", "a", None, "b"),
        blocking_io=BlockingIOError(11, "would block", 3),
        SystemExit=SystemExit(3),
        StopIteration=StopIteration(4),
        KeyError=KeyError("k"),
        ImportError=ImportError("no", name="n", path="p"),
        ModuleNotFoundError=raised_by(__import__, "no_such_module_at_all"),
        NameError=raised_by(eval, "no_such_name"),
        attribute_missing=raised_by(getattr, 3, "no_such_attribute"),
        SyntaxError=SyntaxError("bad", ("f.py", 1, 2, "text")),
        compiled=raised_by(compile, "a b", "f.py", "exec"),
        UnicodeDecodeError=UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
        UnicodeEncodeError=UnicodeEncodeError("ascii", "\xe9", 0, 1, "bad"),
        UnicodeTranslateError=UnicodeTranslateError("\xe9", 0, 1, "bad"),
        division=raised_by(operator.truediv, 1, 0),
        integer=raised_by(int, "x"),
        none=ValueError(),
        empty=ValueError(""),
        many=ValueError("a", 1, b"x", {1, 2}, {"k": (None, 1.5)}),
        surrogate=ValueError("\udce9"),
        nul=ValueError("a\0b"),
        long_text=ValueError("x" * 20_000),
        huge_number=ValueError(10**60),
        # of the standard library
        json=json.JSONDecodeError("bad", "doc", 0),
        decimal=raised_by(decimal.Decimal, "x"),
        zipfile=zipfile.BadZipFile("a"),
        tarfile=tarfile.ReadError("a"),
        lzma=lzma.LZMAError("a"),
        zlib=raised_by(zlib.decompress, b"x"),
        binascii=raised_by(binascii.unhexlify, b"x"),
        struct=raised_by(struct.pack, "i", "x"),
        csv=csv.Error("a"),
        configparser=configparser.NoOptionError("a", "b"),
        duplicate=configparser.DuplicateSectionError("a", "b", 3),
        parsing=configparser.ParsingError("a"),
        socket_error=socket.gaierror(1, "a"),
        socket_timeout=TimeoutError("a"),
        ssl=ssl.SSLError(1, "a"),
        certificate=ssl.SSLCertVerificationError("a"),
        sqlite=sqlite3.OperationalError("a"),
        sqlite_raised=raised_by(sqlite3.connect(":memory:").execute, "bad"),
        subprocess=subprocess.CalledProcessError(3, ["a", "b"], b"out", b"err"),
        subprocess_timeout=subprocess.TimeoutExpired("a", 3),
        asyncio_timeout=asyncio.TimeoutError("a"),
        cancelled=asyncio.CancelledError("a"),
        incomplete=asyncio.IncompleteReadError(b"a", 3),
        limit=asyncio.LimitOverrunError("a", 3),
        invalid_state=asyncio.InvalidStateError("a"),
        future_timeout=concurrent.futures.TimeoutError("a"),
        broken_pool=concurrent.futures.BrokenExecutor("a"),
        http=http.client.BadStatusLine("a"),
        http_incomplete=http.client.IncompleteRead(b"a", 3),
        url=urllib.error.URLError("a", "b"),
        url_http=urllib.error.HTTPError("u", 404, "not found", {}, None),
        email=email.errors.MessageParseError("a"),
        queue_empty=queue.Empty("a"),
        argparse=argparse.ArgumentTypeError("a"),
        argument=argparse.ArgumentError(None, "a"),
        shutil=shutil.Error([("a", "b", "c")]),
        same_file=shutil.SameFileError("a"),
        statistics=statistics.StatisticsError("a"),
        xml=raised_by(ElementTree.fromstring, "<a"),
        re=raised_by(re.compile, "("),
        io=io.UnsupportedOperation("a"),
        unittest=unittest.SkipTest("a"),
        ipaddress=raised_by(ipaddress.ip_address, "x"),
        frozen=raised_by(setattr, Frozen.__new__(Frozen), "code", 1),
        uuid=raised_by(uuid.UUID, "x"),
        # values
        path=holding(pathlib.Path("a/b")),
        pure_path=holding([pathlib.PurePosixPath("a"), pathlib.PureWindowsPath("a")]),
        path_class=holding(pathlib.PosixPath),
        moment=holding(datetime.datetime(2031, 1, 2, tzinfo=datetime.timezone.utc)),
        span=holding(datetime.timedelta(seconds=3)),
        number=holding([decimal.Decimal("1.5"), fractions.Fraction(1, 3), 1j]),
        an_uuid=holding(uuid.UUID(int=7)),
        pattern=holding(re.compile("a", re.IGNORECASE)),
        address=holding(ipaddress.ip_address("192.0.2.1")),
        color=holding(Color.RED),
        level=holding(Level.LOW),
        flags=holding(Flags.A | Flags.B),
        flag_of_python=holding(re.IGNORECASE | re.MULTILINE),
        point=holding(Point(1, 2)),
        parts=holding(urllib.parse.urlsplit("http://a/b")),
        ordered=holding(collections.OrderedDict(a=1)),
        default=holding(collections.defaultdict(list, a=[1])),
        counter=holding(collections.Counter("aab")),
        deque=holding(collections.deque([1], maxlen=3)),
        chained_maps=holding(collections.ChainMap({"a": 1})),
        array=holding(array.array("i", [1, 2])),
        partial=holding(functools.partial(int, base=2)),
        getter=holding(operator.attrgetter("a")),
        namespace=holding(types.SimpleNamespace(a=1)),
        arguments=holding(argparse.Namespace(a=1)),
        function=holding(os.path.join),
        own_function=holding(with_attributes),
        built_in=holding(len),
        method=holding("a".join),
        a_class=holding(Plain),
        union=holding(typing.Union[int, str]),
        optional=holding(typing.Optional[int]),
        alias=holding(typing.List[typing.Optional[int]]),
        anything=holding(typing.Dict[str, typing.Any]),
        literal=holding(typing.Literal["a"]),
        slices=holding([Ellipsis, NotImplemented, range(3)]),
        template=holding(string.Template("a $b")),
        generator_of_numbers=holding(random.Random(3).getstate()[0]),
        keeps=holding(Keeps()),
        forgets=holding(Forgets()),
        forgets_deep=holding({"a": [Forgets()]}),
        warning=holding(UserWarning("a")),
        an_exception=holding(Plain("a")),
        broken_exception=holding(Two(1, "a")),
        lock=holding(threading.Lock()),
        generator=holding(number for number in ()),
        a_lambda=holding(lambda: 1),
        a_module=holding(os),
        a_file=holding(io.StringIO("a")),
        bytes_file=holding(io.BytesIO(b"a")),
        weak=holding(weakref.ref(Keeps)),
        view=holding(memoryview(b"a")),
        null_context=holding(contextlib.nullcontext(3)),
        warning_message=holding(warnings.WarningMessage("a", UserWarning, "f", 1)),
        summary=holding(traceback.FrameSummary("f", 1, "n", line="l")),
        many_paths=holding([pathlib.PurePosixPath(str(number)) for number in range(300)]),
        cycle=holding([]),
        # classes of our own
        plain=Plain("a", 1),
        two=Two(1, "a"),
        named=Named(name="a"),
        nothing=Nothing(),
        doubles=Doubles("bob"),
        reduces_well=ReducesWell(1, "a"),
        reduces_to_base=ReducesToBase("a"),
        drops_state=with_attributes(DropsState("a"), code=1),
        drops_nothing=DropsState("a"),
        gets_state=with_attributes(GetsState("a"), code=1),
        sets_state=with_attributes(SetsState("a"), code=1),
        sets_no_state=SetsState("a"),
        refuses_state=with_attributes(RefusesState("a"), code=1),
        refuses_no_state=RefusesState("a"),
        slotted=with_attributes(Slotted("a"), code=1),
        slot_unset=Slotted("a"),
        of_os=OfOs(2, "a", "f"),
        of_key=OfKey("a"),
        of_unicode=OfUnicode("utf-8", b"\xff", 0, 1, "bad"),
        new_takes_two=NewTakesTwo(1, "a"),
        new_loses_one=NewLosesOne(1, "a"),
        data=Data(1, "a"),
        frozen_data=Frozen(1),
        told=with_attributes(Told("a"), code=1),
        registered=Registered(1, "a"),
        with_meta=WithMeta("a"),
        generic=Generic("a"),
        reinitialised=filled(Plain("a"), "b"),
        # chains and notes
        noted=noted(Plain("a"), "first", "second"),
        caused=caused(Plain("a"), ValueError("b")),
        within=within(Plain("a"), ValueError("b")),
        suppressed=within(with_attributes(Plain("a"), __suppress_context__=True), KeyError("b")),
        long_chain=functools.reduce(caused, map(Plain, "abc"), Plain("z")),
    )
    loop = found["cycle"].value
    loop.append(loop)
    return found

"""The unpickler's stack and memo, with names and calls in the place of objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Global:
    """A class or function that loads would import."""

    module: str
    qualname: str

    def __str__(self) -> str:
        return (
            self.qualname
            if self.module in ("builtins", "__builtin__")
            else f"{self.module}.{self.qualname}"
        )


class Pairs(list[Any]):
    """A dict's keys and values, as tuples: nothing is hashed."""


@dataclass(slots=True, eq=False)
class Call:
    """A call that loads would make: ``function(*args)``, then the ``state`` that it would
    restore."""

    function: object
    args: object
    by: str
    """``reduce``; ``new`` where loads calls ``cls.__new__(cls, *args)`` and no ``__init__``."""
    state: object = None
    items: list[object] = field(default_factory=list)
    """What would be appended to the object."""
    pairs: Pairs = field(default_factory=Pairs)
    """What would be set in the object, by key."""


_MARK = object()
_PUSH_ARGUMENT = frozenset(
    [
        "INT",
        "BININT",
        "BININT1",
        "BININT2",
        "LONG",
        "LONG1",
        "LONG4",
        "STRING",
        "BINSTRING",
        "SHORT_BINSTRING",
        "BINBYTES",
        "SHORT_BINBYTES",
        "BINBYTES8",
        "BYTEARRAY8",
        "UNICODE",
        "SHORT_BINUNICODE",
        "BINUNICODE",
        "BINUNICODE8",
        "FLOAT",
        "BINFLOAT",
        "PERSID",
        "EXT1",
        "EXT2",
        "EXT4",
    ]
)
_GET = frozenset(("GET", "BINGET", "LONG_BINGET"))
_PUT = frozenset(("PUT", "BINPUT", "LONG_BINPUT"))
_CONSTANTS: dict[str, object] = {
    "NONE": None,
    "NEWTRUE": True,
    "NEWFALSE": False,
    "EMPTY_TUPLE": (),
}
_EMPTY: dict[str, Callable[[], object]] = {
    "EMPTY_LIST": list,
    "EMPTY_DICT": Pairs,
    "EMPTY_SET": list,
    "NEXT_BUFFER": bytes,
}
_NOTHING = frozenset(("PROTO", "FRAME", "READONLY_BUFFER"))


@dataclass(slots=True)
class Machine:
    """The unpickler's stack and memo, with names and calls in place of objects."""

    stack: list[Any] = field(default_factory=list)
    memo: dict[int, object] = field(default_factory=dict)
    names: dict[Global, None] = field(default_factory=dict)
    calls: list[Call] = field(default_factory=list)

    def step(self, name: str, argument: Any) -> None:
        stack = self.stack
        if name in _PUSH_ARGUMENT:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _EMPTY:
            stack.append(_EMPTY[name]())
        elif name in _GET:
            stack.append(self.memo[int(argument)])
        elif name in _PUT:
            self.memo[int(argument)] = stack[-1]
        elif name not in _NOTHING:
            getattr(self, f"_{name.lower()}")(argument)

    def closed(self) -> object:
        """What the payload would end in, if everything that is open ended here."""
        while any(item is _MARK for item in self.stack):
            items = _with_state(self._until_mark())
            onto = self.stack[-1] if self.stack else None
            if isinstance(onto, (Call, Pairs)):
                self._extend(
                    Pairs(zip(items[::2], items[1::2], strict=False))
                    if isinstance(onto, Pairs)
                    else items
                )
            elif isinstance(onto, list):
                onto.extend(items)
            else:
                self.stack.append(tuple(items))
        items = _with_state(self.stack)
        if len(items) > 1 and isinstance(items[0], Global):  # its call's arguments were being made
            return Call(items[0], tuple(items[1:]), "reduce")
        return items[0] if len(items) == 1 else tuple(items) or None

    def _memoize(self, _: object) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def _mark(self, _: object) -> None:
        self.stack.append(_MARK)

    def _pop(self, _: object) -> None:
        dropped = self.stack.pop()
        made = self.stack[-1] if self.stack else None
        # How pickle writes a state setter: setter(object, state), whose result is dropped (Python
        # 3.8; bpo-35900).
        if (
            isinstance(dropped, Call)
            and isinstance(made, Call)
            and isinstance(dropped.args, tuple)
            and len(dropped.args) == 2
        ):
            setter_of, state = dropped.args
            if setter_of is made and made.state is None:
                made.state = state

    def _pop_mark(self, _: object) -> None:
        self._until_mark()

    def _dup(self, _: object) -> None:
        self.stack.append(self.stack[-1])

    def _append(self, _: object) -> None:
        item = self.stack.pop()
        self._extend([item])

    def _appends(self, _: object) -> None:
        self._extend(self._until_mark())

    _additems = _appends

    def _setitem(self, _: object) -> None:
        item, key = self.stack.pop(), self.stack.pop()
        self._extend(Pairs([(key, item)]))

    def _setitems(self, _: object) -> None:
        items = self._until_mark()
        self._extend(Pairs(zip(items[::2], items[1::2], strict=False)))

    def _list(self, _: object) -> None:
        self.stack.append(self._until_mark())

    _frozenset = _list

    def _dict(self, _: object) -> None:
        items = self._until_mark()
        self.stack.append(Pairs(zip(items[::2], items[1::2], strict=False)))

    def _tuple(self, _: object) -> None:
        self.stack.append(tuple(self._until_mark()))

    def _tuple1(self, _: object) -> None:
        self._tuple_of(1)

    def _tuple2(self, _: object) -> None:
        self._tuple_of(2)

    def _tuple3(self, _: object) -> None:
        self._tuple_of(3)

    def _tuple_of(self, count: int) -> None:
        self.stack[-count:] = [tuple(self.stack[-count:])]

    def _global(self, argument: str) -> None:
        self._name(*argument.split(" ", 1))

    def _stack_global(self, _: object) -> None:
        qualname, module = self.stack.pop(), self.stack.pop()
        self._name(str(module), str(qualname))

    def _reduce(self, _: object) -> None:
        args, function = self.stack.pop(), self.stack.pop()
        if function == Global("copyreg", "__newobj__") or function == Global(
            "copy_reg", "__newobj__"
        ):
            self._call(args[0], args[1:], "new")  # how protocols 0 and 1 write NEWOBJ
        else:
            self._call(function, args, "reduce")

    def _newobj(self, _: object) -> None:
        args, cls = self.stack.pop(), self.stack.pop()
        self._call(cls, args, "new")

    def _newobj_ex(self, _: object) -> None:
        keywords, args, cls = self.stack.pop(), self.stack.pop(), self.stack.pop()
        self._call(cls, args, "new")
        if isinstance(keywords, Pairs):
            self.calls[-1].pairs.extend(keywords)

    def _inst(self, argument: str) -> None:
        args = tuple(self._until_mark())
        self._name(*argument.split(" ", 1))
        self._call(self.stack.pop(), args, "reduce")

    def _obj(self, _: object) -> None:
        function, *args = self._until_mark()
        self._call(function, tuple(args), "reduce")

    def _build(self, _: object) -> None:
        state = self.stack.pop()
        if isinstance(self.stack[-1], Call):
            self.stack[-1].state = state

    def _binpersid(self, _: object) -> None:
        pass  # the id on the stack stands for the object

    def _name(self, module: str, qualname: str) -> None:
        found = Global(module, qualname)
        self.names.setdefault(found)
        self.stack.append(found)

    def _call(self, function: object, args: object, by: str) -> None:
        call = Call(function, args, by)
        self.calls.append(call)
        self.stack.append(call)

    def _extend(self, items: list[object]) -> None:
        onto = self.stack[-1]
        if isinstance(onto, Call):  # a list's or dict's subclass
            onto = onto.pairs if isinstance(items, Pairs) else onto.items
        if isinstance(onto, list):
            onto.extend(items)

    def _until_mark(self) -> list[object]:
        items: list[object] = []
        while (item := self.stack.pop()) is not _MARK:
            items.append(item)
        return items[::-1]


def _with_state(items: list[Any]) -> list[Any]:
    """What stood on the stack when the reading was cut: what follows an object there was to become
    its state."""
    while (
        len(items) > 1
        and isinstance(items[-2], Call)
        and items[-2].state is None
        and isinstance(items[-1], (Pairs, tuple))
    ):
        *items, made, state = items
        made.state = state
        items.append(made)
    return items

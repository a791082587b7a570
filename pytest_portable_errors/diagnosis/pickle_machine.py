"""A symbolic unpickler: its stack and memo hold names and calls in place of objects.

The opcodes and what they do are those of ``pickletools`` and of ``pickle._Unpickler``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pytest_portable_errors.diagnosis.pickle_opcodes import (
    CONSTANTS,
    GET,
    NO_EFFECT,
    PUSH_ARGUMENT,
    PUT,
)
from pytest_portable_errors.receiver.escaped import escaped


@dataclass(frozen=True, slots=True)
class Global:
    """A class or function that loads would import."""

    module: str
    qualname: str

    def __str__(self) -> str:
        is_builtin = self.module in ("builtins", "__builtin__")
        return escaped(self.qualname if is_builtin else f"{self.module}.{self.qualname}")


class Pairs(list[Any]):
    """A dict's keys and values, as tuples: nothing is hashed."""


@dataclass(slots=True, eq=False)
class Call:
    """A call that loads would make, with the state that it would restore in the result."""

    function: object
    """Usually a Global; a Call where the function is the result of one."""
    args: object
    """Usually the tuple of arguments; a Call where the tuple is the result of one."""
    by: str
    """``reduce`` for ``function(*args)``; ``new`` for ``function.__new__(function, *args)``, where
    no ``__init__`` runs."""
    state: object = None
    """What loads would restore in the object; None if there is no state."""
    items: list[object] = field(default_factory=list)
    """What loads would append to the object."""
    pairs: Pairs = field(default_factory=Pairs)
    """What loads would set in the object, by key; the keywords of NEWOBJ_EX, too."""


_MARK = object()
# Opcodes that push what is made anew.
_EMPTY: dict[str, Callable[[], object]] = {
    "EMPTY_LIST": list,
    "EMPTY_DICT": Pairs,
    "EMPTY_SET": list,
    "NEXT_BUFFER": bytes,
}


@dataclass(slots=True)
class Machine:
    """The unpickler's stack and memo, with names and calls in place of objects."""

    stack: list[Any] = field(default_factory=list)
    memo: dict[int, object] = field(default_factory=dict)
    """What was stored, by its number."""
    names: dict[Global, None] = field(default_factory=dict)
    """What loads would import, each once, in the order of the payload."""
    calls: list[Call] = field(default_factory=list)
    """What loads would call, in the order of the payload."""

    def step(self, name: str, argument: Any) -> None:
        """Follow one opcode.

        Args:
            name: The opcode's name in ``pickletools.opcodes``.
            argument: The argument as ``pickletools.genops`` gives it; None if it has none.

        Raises:
            Exception: Of any type, where the payload is malformed: an empty stack (IndexError), a
                number that the memo lacks (KeyError).
        """
        stack = self.stack
        if name in PUSH_ARGUMENT:
            stack.append(argument)
        elif name in CONSTANTS:
            stack.append(CONSTANTS[name])
        elif name in _EMPTY:
            stack.append(_EMPTY[name]())
        elif name in GET:
            stack.append(self.memo[int(argument)])
        elif name in PUT:
            self.memo[int(argument)] = stack[-1]
        elif name not in NO_EFFECT:
            getattr(self, f"_{name.lower()}")(argument)

    def closed(self) -> object:
        """What the payload would end in if all open containers and calls ended here.

        Changes the stack; no step can follow. None if the stack is empty.
        """
        while any(item is _MARK for item in self.stack):
            items = _with_state(self._until_mark())
            container = self.stack[-1] if self.stack else None
            if isinstance(container, (Call, Pairs)):
                self._extend(_in_pairs(items) if isinstance(container, Pairs) else items)
            elif isinstance(container, list):
                container.extend(items)
            else:
                self.stack.append(tuple(items))
        items = _with_state(self.stack)
        if len(items) > 1 and isinstance(items[0], Global):  # the arguments of its call were open
            return Call(items[0], tuple(items[1:]), "reduce")
        return items[0] if len(items) == 1 else tuple(items) or None

    def _memoize(self, _: object) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def _mark(self, _: object) -> None:
        self.stack.append(_MARK)

    def _pop(self, _: object) -> None:
        dropped = self.stack.pop()
        top = self.stack[-1] if self.stack else None
        # How pickle writes a state setter: setter(object, state), whose result is dropped (Python
        # 3.8; bpo-35900).
        if (
            isinstance(dropped, Call)
            and isinstance(top, Call)
            and isinstance(dropped.args, tuple)
            and len(dropped.args) == 2
        ):
            target, state = dropped.args
            if target is top and top.state is None:
                top.state = state

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
        self._extend(_in_pairs(items))

    def _list(self, _: object) -> None:
        self.stack.append(self._until_mark())

    _frozenset = _list

    def _dict(self, _: object) -> None:
        items = self._until_mark()
        self.stack.append(_in_pairs(items))

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
            self._call(args[0], args[1:], "new")  # protocols 0 and 1 write NEWOBJ so
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
        pass  # the persistent ID, which is on the stack, stands for the object

    def _name(self, module: str, qualname: str) -> None:
        name = Global(module, qualname)
        self.names.setdefault(name)
        self.stack.append(name)

    def _call(self, function: object, args: object, by: str) -> None:
        call = Call(function, args, by)
        self.calls.append(call)
        self.stack.append(call)

    def _extend(self, items: list[object]) -> None:
        container = self.stack[-1]
        if isinstance(container, Call):  # an instance of a subclass of list or dict
            container = container.pairs if isinstance(items, Pairs) else container.items
        if isinstance(container, Pairs) and not isinstance(items, Pairs):
            raise TypeError("a dict takes keys and values")  # as loads does
        if isinstance(container, list):
            container.extend(items)

    def _until_mark(self) -> list[object]:
        items: list[object] = []
        while (item := self.stack.pop()) is not _MARK:
            items.append(item)
        return items[::-1]


def _in_pairs(items: list[object]) -> Pairs:
    """Keys and values that alternate, as pairs; a key whose value is absent is left out."""
    return Pairs(zip(items[::2], items[1::2], strict=False))


def _with_state(items: list[Any]) -> list[Any]:
    """Items of a stack where reading was cut, with the last one as the state of the one before.

    Pickle writes a state after its object, and then BUILD, which was not read any more.
    """
    while (
        len(items) > 1
        and isinstance(items[-2], Call)
        and items[-2].state is None
        and isinstance(items[-1], (Pairs, tuple))
    ):
        *items, call, state = items
        call.state = state
        items.append(call)
    return items

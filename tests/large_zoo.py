"""Exceptions that hold much, or what changes while one looks."""

from __future__ import annotations

import sys
from typing import Any

import pytest


class HoldsError(Exception):
    """Holds whatever it is given."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.held: Any = None


class Thing:
    """Refers to others."""

    def __init__(self) -> None:
        self.others: list[Thing] = []


class Invents:
    """Has every attribute that anybody asks for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return Invents()


class Grows:
    """Adds to the dict that it lies in whenever it is shown."""

    def __init__(self, within: dict[Any, Any], beside: list[Any]) -> None:
        self.within, self.beside = within, beside

    def __reduce__(self) -> Any:
        return str, ("arrived",)

    def __repr__(self) -> str:
        self.within[len(self.within)] = Grows(self.within, self.beside)
        self.beside.append(Grows(self.within, self.beside))
        return "grows"


def holding(held: Any) -> HoldsError:
    exc = HoldsError("holds much")
    exc.held = held
    return exc


def million() -> HoldsError:
    return holding([[number] for number in range(1_000_000)])


def levels() -> HoldsError:
    held: list[Any] = []
    for _ in range(10_000):
        held = [held]
    return holding(held)


def cycle() -> HoldsError:
    things = [Thing() for _ in range(200)]
    for thing in things:
        thing.others = list(things)
    exc = holding(things)
    things[0].others = [*things, exc]  # type: ignore[list-item]  # through everything
    return exc


def shared() -> HoldsError:
    return holding([{"name": "one value"}] * 100_000)


def invents() -> HoldsError:
    return holding(Invents())


def grows() -> HoldsError:
    within: dict[Any, Any] = {}
    beside: list[Any] = []
    within[0] = Grows(within, beside)
    beside.append(Grows(within, beside))
    return holding([within, beside])


def grows_itself() -> HoldsError:
    exc = HoldsError("holds much")
    vars(exc)["first"] = Grows(vars(exc), [])
    return exc


def module() -> HoldsError:
    return holding(pytest)


def interpreter() -> HoldsError:
    return holding([sys, sys.modules, vars(sys)])


KINDS = (million, levels, cycle, shared, invents, grows, grows_itself, module, interpreter)

"""The suite of click: each exception class built, and raised by commands that are called."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pytest_portable_errors.survey.cases import Subject
from pytest_portable_errors.survey.classes import subclasses_in
from pytest_portable_errors.survey.suites.raising import built, library, raised

if TYPE_CHECKING:
    from pytest_portable_errors.sender.receivers import Receivers


def subjects(receivers: Receivers, receiver_names: Sequence[str]) -> Iterator[Subject]:
    """The suite, a ``Suite`` of ``survey/cases.py``: first what is built, then what is raised.

    Raises:
        PortableErrorsError: click is not installed.
    """
    with library(
        "click",
        "click",
        "click",
        install="pip install click",
        prepared=(receivers, receiver_names),
    ) as click:
        yield from built("click", subclasses_in("click"))
        yield from raised("click", _scenarios(click))


def _scenarios(click: Any) -> Mapping[str, Callable[[], object]]:
    def refuse(order: object, **_: object) -> None:
        if order == 7:
            raise click.BadParameter("order 7 is sold", param_hint="--order")
        if order == 8:
            raise click.FileError("orders.txt", hint="no such file")
        if order == 9:
            raise click.ClickException("order 9 is lost")
        if order == 10:
            click.get_current_context().fail("order 10 is odd")
        click.get_current_context().abort()

    order = click.Command(
        "order",
        params=[
            click.Option(["--order"], type=int, required=True),
            click.Option(["--size"], type=click.Choice(["small", "large"])),
            click.Option(["--file"], type=click.Path(exists=True)),
        ],
        callback=refuse,
    )
    shop = click.Group("shop", commands=[order])

    def called(*arguments: str) -> Callable[[], object]:
        return lambda: shop.main(list(arguments), standalone_mode=False)

    return {
        "missing": called("order"),
        "no-number": called("order", "--order", "x"),
        "no-choice": called("order", "--order", "1", "--size", "huge"),
        "no-file": called("order", "--order", "1", "--file", "no-such-file"),
        "no-option": called("order", "--ordr", "1"),
        "no-value": called("order", "--order"),
        "too-many": called("order", "--order", "1", "more"),
        "no-command": called("ordr"),
        "of-a-callback": called("order", "--order", "7"),
        "no-such-file": called("order", "--order", "8"),
        "plain": called("order", "--order", "9"),
        "by-context": called("order", "--order", "10"),
        "aborted": called("order", "--order", "11"),
        "exits": lambda: click.Context(order).exit(3),
    }

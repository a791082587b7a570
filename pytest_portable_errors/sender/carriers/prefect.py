"""Prefect: what a persisted result has of an error."""

from __future__ import annotations

from pytest_portable_errors.receiver.carriers.library import find
from pytest_portable_errors.sender.carriers.carrier import HALVES, Carrier, Send
from pytest_portable_errors.sender.carriers.consequences import Consequence
from pytest_portable_errors.sender.serializers import CLOUDPICKLE


def _prefect(kind: str) -> Send:
    find("prefect", "prefect.serializers", f"{kind}.dumps")
    dumps: Send = find("prefect", "prefect.serializers", kind)().dumps
    return dumps


def _prefect_pickle() -> Send:
    return _prefect("PickleSerializer")


def _prefect_json() -> Send:
    return _prefect("JSONSerializer")


_ENDS = Consequence(
    where="not sent",
    says="the process of the run ends by it, and its result is never written",
    is_answered=False,
    seen=("3.9", "3.9"),
)
PREFECT = Carrier(
    name="prefect",
    sender=_prefect_pickle,
    loader=f"{HALVES}.from_prefect:loads",
    of=CLOUDPICKLE,
    only_wraps=True,
    carries_values=True,
    sends=(Exception,),
    then=(
        _ENDS,
        Consequence(
            where="dumps",
            says="the state is FAILED, its result was never written, and who asks for it is given "
            "ValueError: Path does not exist",
            seen=("3.9", "3.9"),
            raises="builtins.ValueError",
        ),
        Consequence(
            where="loads",
            says="who asks for the result is given what loads raised",
            seen=("3.9", "3.9"),
        ),
    ),
    library="prefect",
    distribution="prefect",
)
PREFECT_JSON = Carrier(
    name="prefect:json",
    sender=_prefect_json,
    loader=f"{HALVES}.from_prefect:loads_json",
    drops=("attributes", "notes", "chain", "traceback"),
    replaces="Prefect's JSON stores the class's name and the text, and calls the class with it",
    sends=(Exception,),
    then=(
        _ENDS,
        Consequence(
            where="loads",
            says="who asks for the result is given what loads raised",
            seen=("3.9", "3.9"),
        ),
    ),
    library="prefect",
    distribution="prefect",
)

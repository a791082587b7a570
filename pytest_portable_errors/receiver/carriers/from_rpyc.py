"""What a connection of RPyC with the default configuration does with the error of a call."""

from typing import Any

from .library import find

_decode = find("rpyc", "rpyc.core.brine", "load")
_load = find("rpyc", "rpyc.core.vinegar", "load")
_config = find("rpyc", "rpyc.core.protocol", "DEFAULT_CONFIG")


def loads(payload: bytes) -> object:
    """The exception that the call raises, without what RPyC adds of the other side."""
    exc: Any = _load(
        _decode(payload),
        import_custom_exceptions=_config["import_custom_exceptions"],
        instantiate_custom_exceptions=_config["instantiate_custom_exceptions"],
        instantiate_oldstyle_exceptions=_config["instantiate_oldstyle_exceptions"],
    )
    if isinstance(exc, type):
        return exc()  # StopIteration is sent as its class
    for name in ("_remote_tb", "_remote_version"):
        vars(exc).pop(name, None)
    return exc

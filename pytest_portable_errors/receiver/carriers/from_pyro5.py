"""What a proxy of Pyro5 does with a response that is an error."""

from .library import find

_Message = find("Pyro5", "Pyro5.protocol", "ReceivingMessage")
_header_size = find("Pyro5", "Pyro5.protocol", "_header_size")
_serializers = find("Pyro5", "Pyro5.serializers", "serializers_by_id")


def loads(payload: bytes) -> object:
    """The exception that the call raises, without the daemon's traceback."""
    message = _Message(payload[:_header_size], payload[_header_size:])
    exc = _serializers[message.serializer_id].loads(message.data)
    vars(exc).pop("_pyroTraceback", None)
    return exc

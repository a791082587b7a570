"""Makes requests and responses of HTTP libraries that are imported already; it imports none."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType

_URL = "https://api.example.com/v1/orders"
_BODY = b'{"error": {"message": "body-text", "code": "code-text"}}'
_HEADERS = {"content-type": "application/json", "x-request-id": "req-7"}


def makes(cls: type) -> bool:
    """Whether ``make`` can make an instance of this class."""
    return _key(cls) in _MAKERS


def make(cls: type) -> object:
    """Make a request or response whose body was read: an unread one cannot be pickled.

    Raises:
        KeyError: ``makes`` is False for the class.
    """
    return _MAKERS[_key(cls)](sys.modules[_key(cls)[0]])


def named(name: str, owner: type) -> object:
    """Make the ``request`` or ``response`` that an HTTP library's exceptions carry.

    Args:
        name: The name of the constructor's parameter.
        owner: The exception class.

    Returns:
        None if the class has no base of such a library, or the parameter another name.
    """
    for base in owner.__mro__:
        library = str(base.__module__).partition(".")[0]
        if (library, name) in _NAMED and library in sys.modules:
            return _NAMED[library, name](sys.modules[library])
    return None


def _key(cls: type) -> tuple[str, str]:
    return str(cls.__module__).partition(".")[0], cls.__name__


def _httpx_request(httpx: ModuleType) -> object:
    return httpx.Request("POST", _URL, headers=_HEADERS, content=b'{"order": 7}')


def _httpx_response(httpx: ModuleType) -> object:
    return httpx.Response(429, headers=_HEADERS, content=_BODY, request=_httpx_request(httpx))


def _requests_request(requests: ModuleType) -> object:
    return requests.Request("POST", _URL, headers=_HEADERS, data=b'{"order": 7}')


def _requests_prepared(requests: ModuleType) -> object:
    return requests.Request("POST", _URL, headers=_HEADERS, data=b'{"order": 7}').prepare()


def _requests_response(requests: ModuleType) -> object:
    response = requests.Response()
    response.status_code, response.reason, response.url, response.encoding = (
        429,
        "Too Many Requests",
        _URL,
        "utf-8",
    )
    response.headers.update(_HEADERS)
    response._content, response._content_consumed = _BODY, True
    response.request = _requests_prepared(requests)
    return response


_MAKERS: dict[tuple[str, str], Callable[[ModuleType], object]] = {
    ("httpx", "Request"): _httpx_request,
    ("httpx", "Response"): _httpx_response,
    ("httpx2", "Request"): _httpx_request,
    ("httpx2", "Response"): _httpx_response,
    ("requests", "Request"): _requests_request,
    ("requests", "PreparedRequest"): _requests_prepared,
    ("requests", "Response"): _requests_response,
}
_NAMED: dict[tuple[str, str], Callable[[ModuleType], object]] = {
    ("httpx", "request"): _httpx_request,
    ("httpx", "response"): _httpx_response,
    ("httpx2", "request"): _httpx_request,
    ("httpx2", "response"): _httpx_response,
    ("requests", "request"): _requests_prepared,
    ("requests", "response"): _requests_response,
}

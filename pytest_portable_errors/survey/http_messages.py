"""Requests and responses of the HTTP libraries that are imported already. Nothing here imports
one."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType

_URL = "https://api.example.com/v1/orders"
_BODY = b'{"error": {"message": "body-text", "code": "code-text"}}'
_HEADERS = {"content-type": "application/json", "x-request-id": "req-7"}


def makes(cls: type) -> bool:
    """Whether it is a class whose instances can be made here."""
    return _key(cls) in _MAKERS


def make(cls: type) -> object:
    """An instance, read to its end as those in errors are: an unread one cannot be pickled."""
    return _MAKERS[_key(cls)](sys.modules[_key(cls)[0]])


def named(name: str, owner: type) -> object:
    """The ``request`` or ``response`` of an exception class that derives from one of those
    libraries'; None otherwise."""
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

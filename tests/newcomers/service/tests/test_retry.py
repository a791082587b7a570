import asyncio
import errno

import pytest

from courier.errors import GatewayError, RetriesExhausted, StorageError
from courier.retry import retry


def test_second_attempt_succeeds():
    answers = [GatewayError(status=503), "ok"]

    async def ask():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert asyncio.run(retry(ask, on=GatewayError)) == "ok"


def test_gives_up_after_three_attempts():
    async def ask():
        raise GatewayError(status=503, retry_after=1.5)

    with pytest.raises(RetriesExhausted, match="ask failed 3 times") as caught:
        asyncio.run(retry(ask, on=GatewayError))
    assert caught.value.last.status == 503


def test_other_errors_are_not_retried():
    async def store():
        raise StorageError(errno.ENOSPC, "No space left on device", "orders.db")

    with pytest.raises(StorageError) as caught:
        asyncio.run(retry(store, on=GatewayError))
    assert caught.value.errno == errno.ENOSPC


def test_storage_gives_up_too():
    async def store():
        raise StorageError(errno.EIO, "Input/output error", "orders.db")

    with pytest.raises(RetriesExhausted) as caught:
        asyncio.run(retry(store, on=StorageError, attempts=2))
    assert caught.value.__cause__ is caught.value.last


def test_gateway_is_asked_at_least_once():
    async def ask():
        raise AssertionError("never called")

    with pytest.raises(ValueError, match="attempts=0"):
        asyncio.run(retry(ask, on=GatewayError, attempts=0))


def test_client_errors_go_through():
    async def ask():
        raise GatewayError(status=404)

    with pytest.raises(GatewayError, match="404"):
        asyncio.run(retry(ask, on=StorageError))

import asyncio
import sys

import pytest

from courier.dispatch import Depot, Dispatcher, Order
from courier.errors import (
    AddressInvalid,
    ConfigurationError,
    DepotBusy,
    DispatchFailed,
    DispatchTimeout,
    NoDriver,
    OrderNotFound,
    OrderRejected,
)

HOME = {"street": "High Street 1", "city": "Leeds"}


@pytest.fixture
def dispatcher():
    dispatcher = Dispatcher(Depot("north"), timeout=0.05)
    dispatcher.accept(Order(1, 2.5, HOME))
    return dispatcher


def test_an_accepted_order_is_dispatched(dispatcher):
    asyncio.run(dispatcher.dispatch(1))


def test_timeout_must_be_positive():
    with pytest.raises(ConfigurationError, match="positive"):
        Dispatcher(Depot("north"), timeout=0)


def test_unknown_order(dispatcher):
    with pytest.raises(OrderNotFound) as caught:
        asyncio.run(dispatcher.dispatch(7))
    assert caught.value.order_id == 7


@pytest.mark.parametrize("weight", [31, 45.5, 100])
def test_heavy_orders_are_rejected(dispatcher, weight):
    with pytest.raises(OrderRejected, match="too heavy") as caught:
        dispatcher.accept(Order(2, weight, HOME))
    assert caught.value.order_id == 2


def test_address_needs_a_city(dispatcher):
    with pytest.raises(AddressInvalid, match="city"):
        dispatcher.accept(Order(2, 1, {"street": "High Street 1"}))


def test_no_driver(dispatcher):
    dispatcher.depot.drivers = 0
    with pytest.raises(NoDriver, match="no driver is free"):
        asyncio.run(dispatcher.dispatch(1))


def test_slow_depot(dispatcher):
    dispatcher.depot.slow = True
    with pytest.raises(DispatchTimeout) as caught:
        asyncio.run(dispatcher.dispatch(1))
    assert isinstance(caught.value.__cause__, asyncio.TimeoutError)


def test_busy_depot(dispatcher):
    with dispatcher.depot.lock, pytest.raises(DepotBusy, match="north is busy"):
        asyncio.run(dispatcher.dispatch(1))


def test_failure_names_the_order(dispatcher):
    with pytest.raises(DispatchFailed) as caught:
        asyncio.run(dispatcher.dispatch_or_fail(9))
    assert caught.value.order_id == 9
    assert isinstance(caught.value.__cause__, OrderNotFound)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exception groups")
def test_batch_names_all_that_failed(dispatcher):
    from courier.errors import BatchFailed

    orders = [Order(2, 1, HOME), Order(3, 99, HOME), Order(4, 1, {})]
    with pytest.raises(BatchFailed) as caught:
        dispatcher.accept_all(orders)
    assert [type(exc) for exc in caught.value.exceptions] == [OrderRejected, AddressInvalid]
    assert dispatcher.order(2).weight == 1

import pytest
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from rest_framework.test import APIClient

from accounts.models import Customer
from orders.errors import AlreadyPaid, CouponInvalid, PaymentDeclined
from orders.models import Coupon, Order
from orders.services import coupon, order_of, pay

pytestmark = pytest.mark.django_db


@pytest.fixture
def order():
    return Order.objects.create(email="a@example.org", total=20)


def test_pay_once(order):
    pay(order, 20)
    with pytest.raises(AlreadyPaid, match="paid already"):
        pay(order, 20)


def test_pay_too_little(order):
    with pytest.raises(PaymentDeclined) as caught:
        pay(order, 5)
    assert caught.value.reason == "not enough money"


def test_coupon():
    with pytest.raises(CouponInvalid, match="no coupon SUMMER") as caught:
        coupon("SUMMER")
    assert isinstance(caught.value.__cause__, Coupon.DoesNotExist)


def test_orders_are_for_those_who_log_in(order):
    with pytest.raises(PermissionDenied, match="log in first"):
        order_of(AnonymousUser(), "a@example.org")


def test_two_orders_of_one_address(order):
    Order.objects.create(email="a@example.org", total=3)
    user = User.objects.create_user("ann")
    with pytest.raises(Order.MultipleObjectsReturned):
        order_of(user, "a@example.org")
    with pytest.raises(Order.DoesNotExist):
        order_of(user, "b@example.org")


def test_user_without_customer():
    with pytest.raises(ObjectDoesNotExist):
        User.objects.create_user("ann").customer
    with pytest.raises(Customer.DoesNotExist):
        Customer.objects.get(phone="1")


def test_order_view(order):
    assert APIClient().get(f"/orders/{order.pk}/").status_code == 403

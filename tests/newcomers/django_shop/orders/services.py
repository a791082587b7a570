from django.core.exceptions import PermissionDenied

from orders.errors import AlreadyPaid, CouponInvalid, PaymentDeclined
from orders.models import Coupon, Order


def pay(order, amount):
    if order.paid:
        raise AlreadyPaid
    if amount < order.total:
        raise PaymentDeclined(order=order, reason="not enough money")
    order.paid = True
    order.save()


def coupon(code):
    try:
        return Coupon.objects.get(code=code)
    except Coupon.DoesNotExist as exc:
        raise CouponInvalid(f"There is no coupon {code}.") from exc


def order_of(user, email):
    if not user.is_authenticated:
        raise PermissionDenied("log in first")
    return Order.objects.get(email=email)

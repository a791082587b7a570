from django.utils.translation import gettext_lazy as _
from rest_framework import status
from rest_framework.exceptions import APIException


class AlreadyPaid(APIException):
    status_code = status.HTTP_409_CONFLICT
    default_detail = _("This order is paid already.")
    default_code = "already_paid"


class CouponInvalid(APIException):
    status_code = status.HTTP_400_BAD_REQUEST
    default_detail = _("This coupon is not valid.")
    default_code = "coupon_invalid"


class PaymentDeclined(APIException):
    status_code = status.HTTP_402_PAYMENT_REQUIRED
    default_code = "declined"

    def __init__(self, order, reason):
        super().__init__(detail=f"order {order.pk}: {reason}")
        self.reason = reason

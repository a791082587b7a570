from rest_framework.exceptions import NotAuthenticated
from rest_framework.generics import RetrieveAPIView

from orders.models import Order
from orders.serializers import OrderSerializer


class OrderView(RetrieveAPIView):
    queryset = Order.objects.all()
    serializer_class = OrderSerializer

    def get_object(self):
        if not self.request.user.is_authenticated:
            raise NotAuthenticated
        return super().get_object()

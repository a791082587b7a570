from django.urls import path

from catalog.views import ProductView
from orders.views import OrderView

urlpatterns = [
    path("products/<int:pk>/", ProductView.as_view()),
    path("orders/<int:pk>/", OrderView.as_view()),
]

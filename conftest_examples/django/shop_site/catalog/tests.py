"""``python manage.py test``: no pytest, and the same check."""

# ruff: noqa: PT009, PT027 - in a suite of Django's own, that is how it is written

from __future__ import annotations

from django.test import TestCase

from catalog.errors import OutOfStock, OutOfStockBefore
from catalog.models import Product
from catalog.orders import order
from catalog.reader import SitePickle
from pytest_portable_errors import check_round_trip


class ErrorsTest(TestCase):  # type: ignore[misc]  # Django has no annotations
    def test_an_error_of_the_application_arrives(self) -> None:
        Product.objects.create(sku="A1", left=1)
        with self.assertRaises(OutOfStock) as caught:
            order("A1", 2)
        trip = check_round_trip(caught.exception, receiver="with-project")
        self.assertTrue(trip.arrived_whole, trip)

    def test_the_control_before_the_fix_it_did_not(self) -> None:
        trip = check_round_trip(OutOfStockBefore("A1", 1), receiver="with-project")
        self.assertFalse(trip.arrived_whole)
        self.assertIn("__init__ takes (sku, left)", str(trip))

    def test_an_error_of_a_model_arrives_where_django_is_set_up(self) -> None:
        with self.assertRaises(Product.DoesNotExist) as caught:
            order("A2", 1)
        trip = check_round_trip(caught.exception, serializer=SitePickle(), receiver="with-project")
        self.assertTrue(trip.arrived_whole, trip)

    def test_the_control_elsewhere_it_does_not(self) -> None:
        with self.assertRaises(Product.DoesNotExist) as caught:
            order("A2", 1)
        trip = check_round_trip(caught.exception, receiver="with-project")
        self.assertIn("AppRegistryNotReady", str(trip))

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.http import Http404
from rest_framework import serializers
from rest_framework.test import APIClient

from catalog.models import Category, Product, Tag
from catalog.serializers import ProductSerializer, ReviewSerializer
from catalog.services import NotEnoughStock, category, take
from catalog.views import ReviewsView

pytestmark = pytest.mark.django_db


@pytest.fixture
def lamp():
    return Product.objects.create(name="lamp", price="12.50", stock=3)


def test_take(lamp):
    assert take(lamp.pk, 2).stock == 1


def test_take_of_nothing():
    with pytest.raises(Product.DoesNotExist):
        take(7, 1)


def test_take_too_many(lamp):
    with pytest.raises(NotEnoughStock, match="5 of lamp wanted, 3 there") as caught:
        take(lamp.pk, 5)
    assert caught.value.product == lamp


def test_two_categories_of_one_name():
    for _ in range(2):
        Category.objects.create(name="light")
    with pytest.raises(Category.MultipleObjectsReturned):
        category("light")


def test_price_below_zero():
    with pytest.raises(ValidationError, match="-1 is below zero"):
        Product(name="lamp", price=-1).clean()


def test_all_fields_are_validated():
    with pytest.raises(ValidationError) as caught:
        Product(price=Decimal("12.505"), stock=-1).full_clean()
    assert {"name", "price", "stock"} <= caught.value.message_dict.keys()


def test_unique_tag():
    Tag.objects.create(name="new")
    with pytest.raises(ValidationError, match="already exists"):
        Tag(name="new").full_clean()


def test_product_serializer():
    serializer = ProductSerializer(data={"name": "", "price": "cheap"})
    with pytest.raises(serializers.ValidationError) as caught:
        serializer.is_valid(raise_exception=True)
    assert caught.value.detail["name"][0].code == "blank"


def test_six_stars(lamp):
    serializer = ReviewSerializer(data={"product": lamp.pk, "stars": 6})
    with pytest.raises(serializers.ValidationError, match="Five stars"):
        serializer.is_valid(raise_exception=True)


def test_no_reviews(rf, lamp):
    with pytest.raises(Http404, match="nobody has reviewed"):
        ReviewsView.as_view()(rf.get("/"), product_id=lamp.pk)


def test_product_view(lamp):
    assert APIClient().get(f"/products/{lamp.pk}/").json()["name"] == "lamp"
    assert APIClient().get("/products/99/").status_code == 404

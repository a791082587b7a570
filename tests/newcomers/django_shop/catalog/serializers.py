from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from catalog.models import Product, Review


class ProductSerializer(serializers.ModelSerializer):
    class Meta:
        model = Product
        fields = ["id", "name", "price", "stock"]


class ReviewSerializer(serializers.ModelSerializer):
    class Meta:
        model = Review
        fields = ["id", "product", "stars", "text"]

    def validate_stars(self, value):
        if value > 5:
            raise serializers.ValidationError(_("Five stars are the most."), code="stars")
        return value

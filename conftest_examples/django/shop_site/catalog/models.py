"""What the shop sells."""

from __future__ import annotations

from django.db import models


class Product(models.Model):  # type: ignore[misc]  # Django has no annotations
    """Django gives it an exception of its own: ``Product.DoesNotExist``."""

    sku = models.CharField(max_length=20, unique=True)
    left = models.IntegerField(default=0)

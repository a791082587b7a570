"""Ordering: what can go wrong there."""

from __future__ import annotations

from catalog.errors import OutOfStock
from catalog.models import Product


def order(sku: str, count: int) -> Product:
    """Raises Product.DoesNotExist, and OutOfStock."""
    product: Product = Product.objects.get(sku=sku)
    if product.left < count:
        raise OutOfStock(sku, product.left)
    return product

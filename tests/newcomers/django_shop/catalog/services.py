from catalog.models import Category, Product


class NotEnoughStock(Exception):
    def __init__(self, product, wanted):
        super().__init__(f"{wanted} of {product} wanted, {product.stock} there")
        self.product = product
        self.wanted = wanted


def take(product_id, amount):
    product = Product.objects.get(pk=product_id)
    if product.stock < amount:
        raise NotEnoughStock(product, amount)
    product.stock -= amount
    product.save()
    return product


def category(name):
    return Category.objects.get(name=name)

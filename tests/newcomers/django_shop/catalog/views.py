from django.http import Http404, JsonResponse
from django.views import View
from rest_framework.generics import RetrieveUpdateAPIView

from catalog.models import Product, Review
from catalog.serializers import ProductSerializer


class ProductView(RetrieveUpdateAPIView):
    queryset = Product.objects.all()
    serializer_class = ProductSerializer


class ReviewsView(View):
    def get(self, request, product_id):
        reviews = Review.objects.filter(product=product_id)
        if not reviews:
            raise Http404(f"nobody has reviewed product {product_id}")
        return JsonResponse({"stars": [review.stars for review in reviews]})

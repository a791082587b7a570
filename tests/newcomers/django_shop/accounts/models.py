from django.conf import settings
from django.db import models


class Company(models.Model):
    name = models.CharField(max_length=80)
    vat_number = models.CharField(max_length=20, blank=True)


class Customer(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    company = models.ForeignKey(Company, null=True, on_delete=models.SET_NULL)
    phone = models.CharField(max_length=30, blank=True)


class Address(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    street = models.CharField(max_length=80)
    city = models.CharField(max_length=80)


class Newsletter(models.Model):
    title = models.CharField(max_length=80)
    sent_at = models.DateTimeField(null=True)


class Subscription(models.Model):
    newsletter = models.ForeignKey(Newsletter, on_delete=models.CASCADE)
    email = models.EmailField()


class LoyaltyCard(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    points = models.IntegerField(default=0)


class Consent(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)
    purpose = models.CharField(max_length=40)


class LoginAttempt(models.Model):
    email = models.EmailField()
    at = models.DateTimeField(auto_now_add=True)

"""Django's models can be imported only after ``django.setup()``, and a model's own exceptions only
with the model.

The site is in ``shop_site``, with its settings and its two test suites. They run in processes of
their own, and the tests here look at the results: Django's settings are one thing for each process.
"""

collect_ignore = ["shop_site"]

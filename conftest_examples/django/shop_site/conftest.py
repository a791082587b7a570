"""What pytest needs for a Django site: its settings, its models, its tables.

What happens in production: a worker raises ``Product.DoesNotExist``, and whoever unpickles it
imports ``catalog.models``. That works only where ``django.setup()`` has been called; elsewhere an
AppRegistryNotReady is all that is seen of the error. Django's own processes call it, and so does
the plugin's receiver, because ``DJANGO_SETTINGS_MODULE`` is set.
"""

from __future__ import annotations

import os

import django
import pytest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop_settings")
django.setup()


@pytest.fixture(scope="session", autouse=True)
def tables() -> None:
    """With pytest-django this is its own business."""
    from django.core.management import call_command  # not before the setup

    call_command("migrate", run_syncdb=True, verbosity=0)

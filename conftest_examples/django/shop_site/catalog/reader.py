"""How the site's own processes read a stored error. Given to ``check_round_trip``, it makes the
receiver one of them.

Under pytest ``portable_errors_receiver_setup`` does that. ``python manage.py test`` reads no such
settings.
"""

from __future__ import annotations

import pickle


class SitePickle:
    """Pickle, loaded where Django has been set up."""

    name = "site-pickle"
    loader = "catalog.reader:loads"
    needs = ("catalog.reader",)

    def dumps(self, exc: BaseException) -> bytes:
        return pickle.dumps(exc)


def loads(payload: bytes) -> object:
    import django  # only readers need this

    django.setup()
    return pickle.loads(payload)

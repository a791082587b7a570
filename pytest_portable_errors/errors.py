"""The exception that the package itself raises."""


class PortableErrorsError(Exception):
    """The package's API was misused, or a receiver cannot start.

    What a user's exception does is never this; it is data in the ``RoundTrip``.
    """

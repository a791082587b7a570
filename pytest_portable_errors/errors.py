"""What we raise ourselves."""


class PortableErrorsError(Exception):
    """Our own API was misused, or a receiver cannot start. What a user's exception does is never
    this; it is data in the RoundTrip."""

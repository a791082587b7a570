"""A worker asks AWS for what is not there, and the caller of the worker catches that.

``client.exceptions.NoSuchKey`` is a class that botocore makes when the client is made: no module
holds it, so pickle could not find it, and ``ClientError.__reduce__`` sends a plain ``ClientError``
in its place. Nothing fails, and nobody is told: an ``except client.exceptions.NoSuchKey`` in the
caller does not match any more.

There is no reducer that would help. What helps is to catch what arrives, ``ClientError``, and to
ask for its code, and to say so: ``arrives_as=ClientError``, or ``portable_errors_expect`` for a
whole repository.
"""

"""The tests run with what the worker imports when it starts, and with nothing more."""

import portable_litellm  # noqa: F401  # for what importing it registers

"""Ready-made cases for other people's exception classes."""

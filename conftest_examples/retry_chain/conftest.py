"""A gateway asks one provider, then another. When the second fails too, both failures have to reach
whoever reads the error.

What happens in production (hermes-agent): the first error says why the retry was made at all (the
answer was cut at ``max_tokens``), the second why that failed (a payment). One bare ``raise``, one
variable that is assigned twice, or one ``from None``, and the log has half of the story; and plain
pickle drops the other half on the way to it.
"""

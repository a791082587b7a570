"""Flink Agents keeps an agent's memory in checkpoints, and refuses every value that is not plain,
by its exact type.

What happens in production: an agent stores its chat context with a ``UUID`` or a str-Enum in it. It
works as long as nobody looks, and fails when the job takes its first checkpoint, or when it is
restored from one: far from the line that stored the value.
"""

"""A shop, all of whose exceptions are broken."""

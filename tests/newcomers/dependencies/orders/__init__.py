"""A service that talks to others."""

"""Says what will be sold."""

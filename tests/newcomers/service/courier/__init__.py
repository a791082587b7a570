"""Takes parcels to people."""

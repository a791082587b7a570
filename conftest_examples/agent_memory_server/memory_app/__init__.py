"""The application whose background tasks call a model."""

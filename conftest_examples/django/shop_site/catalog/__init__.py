"""The site's application."""

"""What runs in the fresh interpreter.

Standard library only, and written for Python 3.8: those who read an error are often older than
those who raise it. The folder is run as it stands (``python -I -S <folder>``), so nothing in it may
import the rest of the plugin.
"""

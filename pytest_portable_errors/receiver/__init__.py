"""What runs in the fresh interpreter.

It uses the standard library only, and is written for Python 3.8: the programs that read an error
often run on an older Python than those that raise it. The folder is run as it stands
(``python -I -S <folder>``), so nothing in it may import the rest of the plugin.
"""

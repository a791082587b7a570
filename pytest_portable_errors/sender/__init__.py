"""The part that runs in the test process: it pickles exceptions and talks to the receivers.

It also knows which modules are the project's, and so what each receiver may import.
"""

"""An activity of Temporal fails, and the workflow is told by the converters of the two workers.

The default failure converter sends an ``ApplicationError`` whose type is the class's name: the
workflow can ask for that name, and what the error stored is gone. A converter of one's own sends it
along and makes the error again.

A Temporal server cannot be had without a download, so the tests call the converters as both workers
do. They are skipped where ``temporalio`` is not installed.
"""

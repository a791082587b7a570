"""A worker asks a model and is refused, and the caller of the worker wants to know why.

openai's errors take keywords that their ``args`` do not have, so they cannot be rebuilt: a process
pool says that a process was terminated abruptly, and takes no more tasks; Docket's client gets a
``TypeError`` that nobody raised. What does arrive would carry the API key, in the headers of the
request that failed.

The fix is one line where the worker starts, ``import openai_reducers``. That module was written by
``pytest --portable-errors-suite openai --portable-errors-fix``.
"""

"""Writes fixes: into the classes of the project, and into the module of reducers for others'."""

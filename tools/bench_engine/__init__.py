"""The engine side by side with stock DBOS and a Temporal dev server, each in a process of its own, in one run."""

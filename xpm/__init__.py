"""The library under the runbooks; it knows nothing of Prefect."""

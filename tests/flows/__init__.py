"""The runbooks on a real Prefect server, with the sandbox as Xero."""

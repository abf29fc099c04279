"""The sandbox follows Xero's protocol, and its answers match the records it holds."""

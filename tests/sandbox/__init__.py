"""The sandbox keeps to the protocol, and its truth is what its XML says."""

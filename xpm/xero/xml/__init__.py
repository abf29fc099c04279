"""XPM's XML: records are cut out of an answer while it arrives, recognised by their digests, and read one by one."""

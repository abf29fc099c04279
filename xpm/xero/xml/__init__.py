"""XPM's XML. Records are cut out of an answer while it arrives, recognised by their digests, and parsed if needed.

`answer.py` reads a whole answer, `cutting.py` cuts records out of it, `record.py` parses one record, and `shape.py`
maps XML elements to the fields of a model.
"""

"""What the product knows about each kind of record: one file for each entity, and the registry that lists them.

Every other room asks the registry instead of naming entities itself.
"""

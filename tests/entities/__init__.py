"""What the product knows about each kind of record: entity file, table, wire model and endpoint fit together."""

"""A practice that moves to another account, or gets its first one."""

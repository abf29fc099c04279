"""Shows what a sync would change, and takes back what syncs changed: dry runs, the changes they list, and reverts.

Old history is forgotten here as well. The flows `sync` (as a dry run) and `revert` call this room.
"""

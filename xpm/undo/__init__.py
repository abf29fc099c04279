"""Looking before a sync, and taking one back after it: dry runs, the changes they list, reverts, and forgetting old
history. The flows `sync` (dry run) and `revert` come in here.
"""

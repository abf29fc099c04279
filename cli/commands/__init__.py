"""Every command as an operator types it: its arguments, its options and its help.

These modules import only what describes a command. A command imports its work when it is called, so `--help` and shell
completion answer at once, however much the work needs.
"""

"""Brings what people edit in FYI to XPM.

Reads top down: the door that every edit comes through (`editing`), the queue (`draining`), what both sides changed
(`conflicts`), and what XPM refuses (`refusals`).
"""

"""The API for the programs of FYI: records with their pending state, edits, and the log of what was sent.

It is part of the console's program and behind the same guard, but has no cookies, sessions or forms: who calls is who
has the token. `docs/api.md` describes it, `docs/openapi.json` completely.
"""

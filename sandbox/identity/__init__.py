"""Xero's identity server and the list of connections.

A person comes in through `authorize.py` (sign in, choose the accounts, allow or cancel); an app through `token.py`,
`connection_endpoints.py` and `discovery.py`. `grants.py`, `connections.py` and `sessions.py` hold the state, and
`scopes.py` lists the scopes. `bearer.py` checks access tokens for every API of the sandbox, with the error bodies of
`problems.py`.
"""

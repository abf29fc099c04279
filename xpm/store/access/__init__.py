"""Who may use the console and the API: logins, links that log in once, sessions, API tokens."""

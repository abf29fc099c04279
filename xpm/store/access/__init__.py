"""Who may use the console: logins, links that log in once, sessions."""

"""One administrator's consent: invitation, callback, tokens, preflight, the watch."""

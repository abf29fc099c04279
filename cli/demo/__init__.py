"""`fyi-xpm demo`: the whole product on this machine, with the sandbox as Xero and a broken connection."""

"""`fyi-xpm demo`: the whole product on this machine, against the sandbox, with a connection that is broken."""

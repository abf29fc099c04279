"""A certified OpenID provider that nobody here wrote, as an identity server for tests."""

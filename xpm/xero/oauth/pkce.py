"""Proof Key for Code Exchange (RFC 7636): only the program that started a consent can finish it."""

from pydantic import SecretStr

from xpm.xero.oauth.authlib_parts import random_token, s256_challenge

CHALLENGE_METHOD = "S256"  # §4.2: "plain" is only for clients that cannot use S256
_VERIFIER_LENGTH = 64  # characters; §4.1 requires 43 to 128


def new_code_verifier() -> SecretStr:
    """Return a new verifier (§4.1). Keep it where the browser cannot see it."""
    return SecretStr(random_token(_VERIFIER_LENGTH))


def code_challenge(code_verifier: SecretStr) -> str:
    """Return the challenge that the authorisation request shows instead of the verifier (§4.2)."""
    return s256_challenge(code_verifier.get_secret_value())

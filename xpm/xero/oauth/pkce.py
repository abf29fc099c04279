"""Proof Key for Code Exchange (RFC 7636): only who began a consent can finish it."""

from pydantic import SecretStr

from xpm.xero.oauth.authlib_parts import random_token, s256_challenge

CHALLENGE_METHOD = "S256"  # §4.2: "plain" only for clients that cannot do better
_VERIFIER_LENGTH = 64  # characters; §4.1 asks for 43 to 128


def new_code_verifier() -> SecretStr:
    """A fresh verifier (§4.1), to be kept where the browser cannot see it."""
    return SecretStr(random_token(_VERIFIER_LENGTH))


def code_challenge(code_verifier: SecretStr) -> str:
    """What the authorisation request shows of the verifier (§4.2)."""
    return s256_challenge(code_verifier.get_secret_value())

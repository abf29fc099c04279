"""The settings of an installation that uses a sandbox."""

from pydantic import SecretStr

from xpm.settings import Settings

CLIENT_ID, CLIENT_SECRET = (
    "FYI-XPM-SANDBOX",
    "sandbox-secret",
)  # the sandbox's values, repeated so that the sandbox is not imported


def settings_for(url: str, key: str) -> Settings:
    """Make the settings of an installation whose Xero is the sandbox at `url`."""
    return Settings(
        _env_file=None,
        xpm_encryption_keys=(SecretStr(key),),
        xpm_console_url="http://127.0.0.1:4280",
        xero_client_id=CLIENT_ID,
        xero_client_secret=SecretStr(CLIENT_SECRET),
        xero_authorize_url=f"{url}/identity/connect/authorize",
        xero_token_url=f"{url}/connect/token",
        xero_revocation_url=f"{url}/connect/revocation",
        xero_connections_url=f"{url}/connections",
        xero_xpm_url=f"{url}/practicemanager/3.1/",
        xero_issuer=url,
        xero_jwks_url=f"{url}/.well-known/openid-configuration/jwks",
        xero_calls_per_minute=10_000,
    )

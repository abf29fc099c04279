"""The configuration of one installation, from the environment or a `.env` file."""

import re
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from xpm.xero.app import XeroApp
from xpm.xero.scopes import scopes_to_ask_for

LINKS_ONLY = "none"
"""The value of XPM_LOGIN_ISSUER with which only links log in to the console."""
AT_XERO = (
    "xero_authorize_url",
    "xero_token_url",
    "xero_revocation_url",
    "xero_connections_url",
    "xero_xpm_url",
    "xero_issuer",
    "xero_jwks_url",
    "xero_tax_url",
)
"""Addresses of Xero, or of what stands in for it."""


class Settings(BaseSettings):
    """The settings of the README's table. An unusable value is never shown in an error: it may be a secret."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True, hide_input_in_errors=True)

    xpm_database_url: str = Field("sqlite:///.xpm/xpm.db", repr=False)  # may hold a password
    xpm_encryption_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    xpm_console_url: str = "http://127.0.0.1:4280"
    xpm_push: bool = False
    xpm_tax_exports: Path | None = None
    xpm_dry_runs: Path = Path(".xpm/dry-runs")
    xpm_history_days: int = Field(90, ge=1, le=36_500)
    xpm_audit_days: int = Field(365, ge=1, le=36_500)
    xpm_notify_url: SecretStr | None = None  # at many services the address itself is the password
    xpm_smtp_url: SecretStr | None = None  # holds the password of the mail server
    xpm_mail_from: str | None = None
    xpm_trust_proxy: bool = False

    xpm_login_issuer: str | None = None
    xpm_login_client_id: str = ""
    xpm_login_client_secret: SecretStr | None = None
    xpm_operators: Annotated[tuple[str, ...], NoDecode] = ()
    xpm_session_idle_minutes: int = Field(120, ge=5, le=24 * 60)
    xpm_session_hours: int = Field(12, ge=1, le=24 * 7)

    xero_client_id: str = ""
    xero_client_secret: SecretStr | None = None
    xero_scopes: Annotated[tuple[str, ...], NoDecode] = ()
    xero_authorize_url: str | None = None
    xero_token_url: str | None = None
    xero_revocation_url: str | None = None
    xero_connections_url: str | None = None
    xero_xpm_url: str | None = None
    xero_issuer: str | None = None
    xero_jwks_url: str | None = None
    xero_tax_url: str | None = None

    xero_max_concurrent: int = Field(5, ge=1)
    xero_calls_per_minute: int = Field(60, ge=1)
    xero_calls_per_day: int = Field(5000, ge=1)

    @field_validator("xpm_operators", mode="before")
    @classmethod
    def _split_addresses(cls, value: object) -> object:
        return tuple(value.replace(",", " ").lower().split()) if isinstance(value, str) else value

    @field_validator("xpm_encryption_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: object) -> object:
        return tuple(key.strip() for key in value.split(",") if key.strip()) if isinstance(value, str) else value

    @field_validator("xero_scopes", mode="before")
    @classmethod
    def _split_scopes(cls, value: object) -> object:
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator(
        "xero_client_secret",
        "xpm_login_issuer",
        "xpm_login_client_secret",
        "xpm_notify_url",
        "xpm_smtp_url",
        "xpm_mail_from",
        "xpm_tax_exports",
        *AT_XERO,
        mode="before",
    )
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        return None if value == "" else value

    @field_validator("xpm_notify_url", *AT_XERO)
    @classmethod
    def _web_address(cls, value: str | SecretStr | None) -> str | SecretStr | None:
        written = value.get_secret_value() if isinstance(value, SecretStr) else value
        if written is not None and not is_web_address(written):
            raise PydanticCustomError("web_address", "it must be an address that begins with https:// or http://")
        return value

    @field_validator("xpm_smtp_url")
    @classmethod
    def _mail_server(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not _is_mail_server(value.get_secret_value()):
            raise PydanticCustomError("mail_server", "it must be an address such as smtps://name:password@host:465")
        return value

    @field_validator("xpm_mail_from")
    @classmethod
    def _sender(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[^@\s<>]+@[^@\s<>]+", value):
            raise PydanticCustomError("email", "it must be an email address such as news@example.com")
        return value

    @field_validator("xpm_login_issuer")
    @classmethod
    def _issuer(cls, value: str | None) -> str | None:
        if value not in (None, LINKS_ONLY) and not is_web_address(value):
            raise PydanticCustomError("issuer", "it must be an address that begins with https://, or the word none")
        return value

    @field_validator("xpm_login_issuer", *AT_XERO)
    @classmethod
    def _encrypted(cls, value: str | None) -> str | None:
        if value is not None and value != LINKS_ONLY and not is_protected(value):
            raise PydanticCustomError("not_encrypted", "it must begin with https://, unless it is on this machine")
        return value

    @field_validator("xpm_console_url")
    @classmethod
    def _web_address_without_trailing_slash(cls, value: str) -> str:
        if not is_web_address(value) or "?" in value or "#" in value:  # paths are appended to it
            raise PydanticCustomError(
                "web_address", "it must be an address such as https://xpm.example.com or http://127.0.0.1:4280"
            )
        return value.rstrip("/")

    @property
    def login_redirect_uri(self) -> str:
        """The address that the issuer sends people back to after they logged in to the console."""
        return f"{self.xpm_console_url}/login/callback"

    def xero_app(self) -> XeroApp:
        """Describe the Xero app; addresses that are not set are Xero's own."""
        given = {name.removeprefix("xero_"): value for name, value in self if name.startswith("xero_")}
        known = {name: value for name, value in given.items() if name in XeroApp.model_fields and value is not None}
        return XeroApp(redirect_uri=self.redirect_uri, **known | {"scopes": self.scopes})

    @property
    def scopes(self) -> tuple[str, ...]:
        """The scopes that a consent is asked for: XERO_SCOPES, or else the fewest that do the work."""
        return self.xero_scopes or scopes_to_ask_for(push=self.xpm_push)

    @property
    def redirect_uri(self) -> str:
        """The address that Xero sends the administrator back to. The Xero app must register exactly this address."""
        return f"{self.xpm_console_url}/oauth/callback"


def is_protected(address: str) -> bool:
    """Whether nobody on the network can read what is sent there: it is encrypted, or it stays on this machine.

    RFC 6749 §3.1 and §3.2 require TLS; RFC 8252 §8.3 excepts the loopback addresses.
    """
    parts = urlsplit(address)
    return parts.scheme == "https" or is_loopback(parts.hostname or "")


def _is_mail_server(address: str) -> bool:
    try:
        parts = urlsplit(address)
        is_complete = parts.scheme in {"smtp", "smtps"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # no such port, or half an IPv6 address
        return False
    return is_complete and address.isprintable() and " " not in address and parts.path in {"", "/"}


def is_loopback(host: str) -> bool:
    """Whether a host name means this machine."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def is_web_address(value: str) -> bool:
    """Whether the value is an HTTP address that can be opened."""
    try:
        parts = urlsplit(value)
        is_complete = (
            parts.scheme in {"http", "https"} and bool(parts.hostname) and "*" not in parts.netloc and parts.port != 0
        )
    except ValueError:  # no such port, or half an IPv6 address
        return False
    return is_complete and value.isprintable() and " " not in value

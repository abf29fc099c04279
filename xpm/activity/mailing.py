"""Sends a piece of news by email, through the mail server at XPM_SMTP_URL.

The password of the mail server is in that address. So neither an error nor a log names it, or what the server said.
"""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import unquote, urlsplit

from pydantic import SecretStr

from xpm.activity.notifying import PATIENCE, NotifyingFailed
from xpm.settings import is_loopback

SMTPS, SUBMISSION = 465, 587
"""The ports for mail from programs: encrypted from the start, and after STARTTLS (RFC 8314 §3.3)."""

PASSES = range(400, 500)
"""The server's codes for what may work later (RFC 5321 §4.2.1)."""


def composed(sender: str, to: str, subject: str, text: str, *, reference: str, now: datetime) -> EmailMessage:
    """Make an email. `reference` identifies its content: if it is sent again, programs see that it is the same."""
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, to
    mail["Subject"] = " ".join(subject.split())
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<{reference}@{sender.rpartition('@')[2].rstrip('>')}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834 §5: nobody's absence is reported to us
    mail.set_content(text)
    return mail


def send(url: SecretStr, mail: EmailMessage) -> None:
    """Send an email. The way to the server is encrypted, unless it is on this machine.

    Raises:
        NotifyingFailed: nothing answered, or the server refused; `may_pass` if a retry may help.
    """
    try:
        with _server(url) as server:
            server.send_message(mail)
    except smtplib.SMTPRecipientsRefused as error:
        raise _refused([code for code, _ in error.recipients.values()]) from None
    except smtplib.SMTPResponseException as error:
        raise _refused([error.smtp_code]) from None
    except smtplib.SMTPNotSupportedError:
        raise NotifyingFailed("the mail server lacks what is needed", may_pass=False) from None
    except (OSError, smtplib.SMTPException) as error:
        raise NotifyingFailed(f"email: {type(error).__name__}", may_pass=True) from None


@contextmanager
def _server(url: SecretStr) -> Iterator[smtplib.SMTP]:
    parts = urlsplit(url.get_secret_value())
    host, trusted = parts.hostname or "", ssl.create_default_context()
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(host, parts.port or SMTPS, timeout=PATIENCE, context=trusted)
    else:
        server = smtplib.SMTP(host, parts.port or SUBMISSION, timeout=PATIENCE)
    with server:
        if parts.scheme == "smtp" and not is_loopback(host):
            server.starttls(context=trusted)
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        yield server


def _refused(codes: list[int]) -> NotifyingFailed:
    said = ", ".join(map(str, codes))
    return NotifyingFailed(f"email: status {said}", may_pass=all(code in PASSES for code in codes))

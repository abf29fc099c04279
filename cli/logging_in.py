"""`fyi-xpm login-link`: logging somebody in without an issuer, as whoever has a shell on this machine may."""

from cli.installation import installation
from xpm.access.login import make_link


def login_link(email: str) -> None:
    """Print a link that logs this address in. Raises Stopped if nobody has it."""
    with installation() as opened:
        print(make_link(opened, email).get_secret_value())

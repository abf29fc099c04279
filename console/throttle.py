"""Limits how often one person, program or address may try to get in, and start what costs calls to Xero.

ASVS 5.0 6.3.1 and 2.4.1 ask for that.
"""

from enum import Enum
from ipaddress import IPv4Address, ip_address, ip_network

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import Request
from starlette.responses import Response

from console import trail
from console.desk import notice
from console.trail import address_of
from xpm.access.audit import Action
from xpm.access.rights import Caller
from xpm.words import message


class Limit(Enum):
    """How often, by one address and by one person or token. Several may share an address."""

    STRANGER = (RateLimitItemPerMinute(20, 10), None)
    RECONNECT = (RateLimitItemPerHour(60), RateLimitItemPerHour(20))
    SYNC = (RateLimitItemPerHour(300), RateLimitItemPerHour(60))
    REFUSED = (RateLimitItemPerMinute(1000, 10), RateLimitItemPerMinute(200, 10))
    API_STRANGER = (RateLimitItemPerMinute(30, 10), None)  # apart from people, who may share an address with a program
    API_TOKEN = (RateLimitItemPerMinute(6000), RateLimitItemPerMinute(600))
    API_PUSH = (RateLimitItemPerMinute(120), RateLimitItemPerMinute(12))  # by practice
    API_REFUSED = (RateLimitItemPerMinute(1000, 10), RateLimitItemPerMinute(100, 10))


class Throttle:
    """Counts in this process's memory. The console is one process; a restart forgives."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def stranger(self, request: Request) -> Response | None:
        """Count a try to log in, or to act without a login. Return the refusal if there were too many, or None."""
        return self._refusal(Limit.STRANGER, request, None)

    def costly(
        self, limit: Limit, request: Request, caller: Caller, *, action: Action, practice: str
    ) -> Response | None:
        """Count a request that costs calls to Xero. Return the refusal if there were too many, or None.

        The refusal is a line of the audit trail, like every other.
        """
        refusal = self._refusal(limit, request, caller)
        if refusal and not self.refused(request, caller):
            trail.tried(request, action, message("access.too_often"), practice=practice, resource=request.url.path)
        return refusal

    def refused(self, request: Request, caller: Caller) -> Response | None:
        """Count a request that a person has no right to, each of which is a line of the audit trail.

        Return the refusal if there were too many, or None: nobody fills the trail or the disk.
        """
        return self._refusal(Limit.REFUSED, request, caller)

    def _refusal(self, limit: Limit, request: Request, caller: Caller | None) -> Response | None:
        person = (caller.issuer, caller.subject) if caller else ()
        allowed = self.allows(limit, address_of(request), *person)
        return None if allowed else notice(message("access.too_often"), 429)

    def allows(self, limit: Limit, address: str, *who: str) -> bool:
        """Count a request from an address, and of whoever is known to send it. Return whether it is not too many."""
        by_address, by_person = limit.value
        allowed = self._hit(by_address, limit.name, "address", network_of(address))
        if who and by_person:
            allowed &= self._hit(by_person, limit.name, "person", *who)
        return allowed

    def _hit(self, item: RateLimitItem, *who: str) -> bool:
        return self._limiter.hit(item, *who)


def network_of(address: str) -> str:
    """Return what counts as one address: of IPv6 the first 64 bits, since each subscriber has at least 2^64 addresses.

    RFC 6177 §2: sites are given a /64 or more. An IPv4 address that is written as IPv6 is what it is.
    """
    try:
        written = ip_address(address)
    except ValueError:
        return address
    if isinstance(written, IPv4Address):
        return str(written)
    return str(written.ipv4_mapped or ip_network((int(written), 64), strict=False))


def throttle_of(request: Request) -> Throttle:
    """Return the app's throttle."""
    throttle: Throttle = request.app.state.throttle
    return throttle

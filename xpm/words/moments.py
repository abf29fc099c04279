"""Writes moments for people: in one time zone, which is named, so that no sentence leaves open whose clock it means."""

from datetime import datetime
from zoneinfo import ZoneInfo

UTC = "UTC"


def zone_in_words(zone: str) -> str:
    """Name a time zone as people do: `Australia/Sydney` is "Sydney time". UTC is UTC."""
    region, _, place = zone.rpartition("/")
    named = place.replace("_", " ")
    return f"{named} time" if region and region != "Etc" else named


def time_in(moment: datetime, zone: str = UTC) -> str:
    """Write the time of day: "18:10 Sydney time". For what happens within hours."""
    return f"{moment.astimezone(ZoneInfo(zone)):%H:%M} {zone_in_words(zone)}"


def moment_in(moment: datetime, zone: str = UTC) -> str:
    """Write day and time: "2 March 2026, 18:10 Sydney time"."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local.day} {local:%B %Y, %H:%M} {zone_in_words(zone)}"

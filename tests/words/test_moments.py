"""Moments are written in one zone, which is named."""

from datetime import UTC, datetime

import pytest

from xpm.words.moments import day_in, moment_in, time_in, zone_in_words

MOMENT = datetime(2026, 3, 2, 8, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "named"),
    [
        ("Australia/Sydney", "Sydney time"),
        ("America/Argentina/Buenos_Aires", "Buenos Aires time"),
        ("UTC", "UTC"),
        ("Etc/UTC", "UTC"),
    ],
)
def test_a_zone_is_named_as_people_name_it(zone: str, named: str) -> None:
    assert zone_in_words(zone) == named


def test_a_moment_is_written_by_the_practices_clock_and_names_it() -> None:
    assert time_in(MOMENT, "Australia/Sydney") == "19:10 Sydney time"
    assert day_in(MOMENT, "Pacific/Auckland") == "02 March 21:10 Auckland time"
    assert moment_in(MOMENT) == "02 March 2026 08:10 UTC"

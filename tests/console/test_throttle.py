"""What counts as one address when tries are counted."""

import pytest

from console.throttle import network_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff"),
        ("192.0.2.1", "::ffff:192.0.2.1"),
        ("2001:db8::1", "2001:0DB8:0000::0001"),
    ],
)
def test_addresses_that_one_subscriber_has_for_the_asking_count_as_one(one: str, other: str) -> None:
    assert network_of(one) == network_of(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("192.0.2.1", "192.0.2.2"), ("2001:db8:1:2::1", "2001:db8:1:3::1"), ("::ffff:192.0.2.1", "::ffff:192.0.2.2")],
)
def test_addresses_of_different_subscribers_count_apart(one: str, other: str) -> None:
    assert network_of(one) != network_of(other)


@pytest.mark.parametrize("address", ["", "testclient", "192.0.2.1:4711"])
def test_what_is_no_address_counts_as_it_is_written(address: str) -> None:
    assert network_of(address) == address

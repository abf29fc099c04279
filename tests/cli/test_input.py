"""Wrong input is refused in one line, before anything is done."""

import pytest

from tests.cli.shell import MERE, SLUG, Installed, Shell

NAMED = ("--name", "Harbour & Vale")
WRONG = {
    "an unknown command": (["frobnicate"], "frobnicate"),
    "no practice": (["sync"], "practice"),
    "what is no text": (["sync", "vale-\udce9"], r"'vale-\udce9'"),
    "an unknown entity": (["sync", SLUG, "--only", "invoices"], "invoices"),
    "a record without a name": (["sync", SLUG, "--record", ""], "'--record'"),
    "a record and what changed": (["sync", SLUG, "--record", "J1", "--changes"], "leave out --only, --changes"),
    "a record and lists": (["sync", SLUG, "--record", "J1", "--lists", "--dry-run"], "leave out --only, --changes"),
    "an unknown status": (["activity", SLUG, "--status", "Splendid"], "Splendid"),
    "no entries at all": (["activity", SLUG, "--limit", "0"], "--limit"),
    "more entries than a database counts": (["activity", SLUG, "--limit", str(2**63)], "--limit"),
    "more runs than a database counts": (["runs", SLUG, "--limit", str(2**63)], "--limit"),
    "no time to log in": (["reconnect", SLUG, "--admin", MERE, "--minutes", "0"], "--minutes"),
    "more than a day to log in": (["reconnect", SLUG, "--admin", MERE, "--minutes", "1441"], "--minutes"),
    "a demo without jobs": (["demo", "--jobs", "0"], "--jobs"),
    "an unknown country": (["practice", "add", SLUG, *NAMED, "--country", "UK"], "'UK'"),
    "an unknown time zone": (["practice", "add", SLUG, *NAMED, "--time-zone", "Australia/Syd"], "'Australia/Syd'"),
    "a folder as time zone": (["practice", "add", SLUG, *NAMED, "--time-zone", "Australia"], "'Australia'"),
    "a bad date": (["practice", "add", SLUG, *NAMED, "--history-start", "01/07/2019"], "'01/07/2019'"),
    "an impossible date": (["practice", "add", SLUG, *NAMED, "--history-start", "2019-02-30"], "'2019-02-30'"),
    "a first day that would cost thousands of requests": (
        ["practice", "add", SLUG, *NAMED, "--history-start", "0001-01-01"],
        "'0001-01-01' is not a day between 1980-01-01 and today",
    ),
    "a first day that is to come": (["practice", "add", SLUG, *NAMED, "--history-start", "9999-12-31"], "'9999-12-31'"),
    "a practice without a name": (["practice", "add", SLUG, "--name", "  "], "--name"),
    "a bad last day": (["user", "add", SLUG, MERE, "--name", "Mere", "--leaving-on", "soon"], "'soon'"),
    "a bad email address": (["user", "add", SLUG, "mere.tane", "--name", "Mere"], "'mere.tane'"),
}


@pytest.mark.parametrize(("arguments", "names"), WRONG.values(), ids=WRONG)
def test_wrong_input_is_reported_in_one_line(
    fyi_xpm: Shell, installed: Installed, arguments: list[str], names: str
) -> None:
    installed.add_practice()

    said = fyi_xpm(*arguments)

    assert said.code == 2
    assert said.err.count("\n") == 1
    assert names in said.err
    assert "Value error" not in said.err
    assert said.out == ""


@pytest.mark.parametrize(
    "slug", ["Harbour", "harbour vale", "harbour_vale", "-harbour", "harbour-", "a--b", "hafen-ä", ""]
)
def test_a_short_name_that_prefect_would_refuse_as_a_key_is_refused(
    fyi_xpm: Shell, installed: Installed, slug: str
) -> None:
    said = fyi_xpm("practice", "add", *NAMED, "--", slug)

    assert (said.code, said.out) == (2, "")
    assert "lower-case letters, digits and single dashes" in said.err
    assert "There is no practice yet" in fyi_xpm("practice", "list").out


@pytest.mark.parametrize(
    "arguments",
    [["status"], ["activity"], ["reconnect", "--admin", MERE], ["user", "list"], ["user", "add", "--name", "X", MERE]],
    ids=" ".join,
)
def test_an_unknown_practice_is_answered_with_the_known_ones(
    fyi_xpm: Shell, installed: Installed, arguments: list[str]
) -> None:
    installed.add_practice()
    place = 2 if arguments[0] == "user" else 1

    said = fyi_xpm(*arguments[:place], "harbour", *arguments[place:])

    assert said.code == 2
    assert SLUG in said.err


EVERY = (
    "status",
    "activity",
    "reconnect",
    "sync",
    "doctor",
    "migrate",
    "deploy",
    "console",
    "demo",
    "practice",
    "user",
)


def test_help_names_every_command_and_where_to_begin(fyi_xpm: Shell) -> None:
    said = fyi_xpm("--help")

    assert said.code == 0
    assert all(f" {command} " in said.out for command in EVERY)
    assert "fyi-xpm demo" in said.out


@pytest.mark.parametrize("command", [*EVERY, "practice add", "practice list", "user add", "user list"])
def test_every_command_explains_itself(fyi_xpm: Shell, command: str) -> None:
    said = fyi_xpm(*command.split(), "--help")

    assert said.code == 0
    assert f"Usage: fyi-xpm {command}" in said.out
    assert "Args:" not in said.out


@pytest.mark.parametrize("group", ["practice", "user"])
def test_a_group_without_a_command_shows_its_help_and_no_error(fyi_xpm: Shell, group: str) -> None:
    said = fyi_xpm(group)

    assert "Commands" in said.out
    assert said.err == ""

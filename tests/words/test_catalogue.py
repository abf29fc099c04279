"""The words catalogue is complete, plain, and in step with the code."""

import pickle
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.words.source import everything_said, keys_named
from xpm.store.consent.transitions import UNDER_WAY
from xpm.store.vocabulary import ActivityStatus, ConnectionState
from xpm.words import Stopped, every_key, message, stop
from xpm.words.catalogue import Message

NEEDS_A_NEXT_STEP = {ActivityStatus.ACTION_REQUIRED, ActivityStatus.FAILURE}
VARIABLE = re.compile(r"\b[A-Z]+(?:_[A-Z]+)+\b")
COMMAND = re.compile(r"\b(?:fyi-xpm|prefect) [a-z -]+")
JARGON = re.compile(
    r"\b(tokens?|oauth2?|https?|uuid|guid|api|json|xml|pkce|jwt|id_token|end-?points?|callbacks?|tenants?|nonce"
    r"|invalid_\w+|[45]\d\d|exceptions?|tracebacks?|null|none|cookies?|timeouts?|stack)\b",
    re.IGNORECASE,
)
OLD_NAME, NEW_NAME = "“Authorise 3rd Party Full Access”", "“Connect third-party add-ons”"
KEYS = sorted(every_key())
FOR_ADMINISTRATORS = [
    key for key in KEYS if not key.startswith(("operator.", "api."))
]  # operator messages are for whoever runs the installation, those of the API for whoever writes programs for it


class AnyFact:
    """Stands for any fact a message may need, in any format."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __format__(self, _spec: str) -> str:
        return f"«{self.name}»"


def placeholders(key: str) -> frozenset[str]:
    said = sentence(key)
    return frozenset(re.findall("«([^»]*)»", f"{said.title} {said.cause} {said.next}"))


def sentence(key: str) -> Message:
    """Make the message with a placeholder for each fact it needs."""
    facts: dict[str, AnyFact] = {}
    while True:
        try:
            return message(key, **facts)
        except KeyError as missing:
            facts[missing.args[0]] = AnyFact(missing.args[0])


def plain(said: Message) -> str:
    """Return the text without variables, commands and facts, which only look like jargon."""
    return re.sub("«[^»]*»", "", COMMAND.sub("", VARIABLE.sub("", f"{said.title} {said.cause} {said.next}")))


def test_the_catalogue_has_messages_for_administrators_and_for_operators() -> None:
    assert len(KEYS) > len(FOR_ADMINISTRATORS) > 100  # otherwise the tests of every message would test none


def test_every_message_has_a_title_and_its_own_key() -> None:
    assert [key for key in KEYS if not sentence(key).title or sentence(key).key != key] == []


def test_a_message_that_asks_for_action_has_a_next_step() -> None:
    assert [key for key in KEYS if sentence(key).status in NEEDS_A_NEXT_STEP and not sentence(key).next] == []


def test_messages_for_administrators_have_no_jargon() -> None:
    jargon = {key: JARGON.findall(plain(sentence(key))) for key in FOR_ADMINISTRATORS}
    assert {key: found for key, found in jargon.items() if found} == {}


def test_sentences_about_edits_name_no_command_since_programs_and_people_without_a_shell_read_them() -> None:
    for_operators = {"push.not_covered"}  # it says whom to ask
    named = {key for key in KEYS if key.startswith("push.") and "fyi-xpm" in sentence(key).text}
    assert named - for_operators == set()


def test_titles_have_one_line() -> None:
    assert [key for key in FOR_ADMINISTRATORS if "\n" in sentence(key).title] == []


def test_sentences_end_with_a_full_stop_question_or_exclamation_mark() -> None:
    parts = [(key, part) for key in FOR_ADMINISTRATORS for part in (sentence(key).cause, sentence(key).next)]
    assert [(key, part) for key, part in parts if part and not part.endswith((".", "?", "!", "»"))] == []


def test_counts_that_may_be_one_come_after_the_noun() -> None:
    """“records: 1” is right, “1 records” is wrong."""
    listed = [key for key in KEYS if key.startswith(("attention.", "quarantine.")) and "count" in placeholders(key)]
    assert listed
    assert [key for key in listed if not sentence(key).title.endswith("«count»")] == []


@pytest.mark.parametrize(
    "key", ["consent.not_answered", "choice.not_answered", "revert.confirm", "revert.not_answered"]
)
def test_whole_minutes_are_written_without_a_fraction(key: str) -> None:
    facts = dict.fromkeys(placeholders(key), "") | {"minutes": 30.0}
    assert "30 minutes" in message(key, **facts).text


def test_the_code_uses_only_keys_of_the_catalogue() -> None:
    assert [(said.where, said.pattern) for said in everything_said() if not said.keys] == []


def test_the_code_gives_every_fact_that_a_message_needs() -> None:
    asked = [(said.where, key, placeholders(key), said.facts) for said in everything_said() for key in said.keys]
    assert [(where, key, needed) for where, key, needed, given in asked if given is not None and needed - given] == []


def test_the_scan_of_the_source_finds_literals_and_families() -> None:
    patterns = {said.pattern for said in everything_said()}
    assert {r"choice\.different", r"connection\.[a-z_]+"} <= patterns


def test_no_message_is_unused() -> None:
    assert set(KEYS) - keys_named() == set()


def test_every_state_of_a_connection_has_a_message() -> None:
    assert {f"state.{state}" for state in ConnectionState} - set(KEYS) == set()


def test_every_state_in_which_no_sync_can_run_says_why() -> None:
    able = UNDER_WAY | {ConnectionState.CONNECTED}
    assert {f"connection.{state}" for state in ConnectionState if state not in able} - set(KEYS) == set()


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("connection.needs_reconnect", "XPM needs to reconnect"),
        ("state.needs_reconnect", "XPM needs to reconnect"),
        (
            "connection.authentication_failed",
            "There is a problem with your XPM integration and authentication failed",
        ),
        ("sync.rate_limited", "(Sync) failed due to rate limiting."),
        ("consent.not_answered", "You don't have access to connect to any Xero Practice Manager accounts"),
        ("sync.skipped_jobs", "Maintain Jobs in FYI"),
        ("sync.skipped_custom_fields", "Sync Custom Fields From XPM"),
        ("sync.skipped_tax_off", "Import tax assessments"),
        ("settings.maintain_invoices", "Maintain Invoices in FYI"),
        ("connection.needs_reconnect", "Reconnect XPM"),
        ("consent.declined", "Allow Access"),
    ],
)
def test_texts_that_fyi_and_xero_show_are_unchanged(key: str, words: str) -> None:
    assert words in sentence(key).text


def test_the_privilege_is_named_by_both_its_names() -> None:
    said = {key: sentence(key).text for key in KEYS}
    assert [key for key, text in said.items() if (OLD_NAME in text) != (NEW_NAME in text)] == []
    assert [key for key, text in said.items() if ("Authorise 3rd" in text) != (OLD_NAME in text)] == []


def test_an_unknown_key_or_a_missing_fact_raises_a_key_error() -> None:
    with pytest.raises(KeyError, match=r"consent\.nothing"):
        message("consent.nothing")
    with pytest.raises(KeyError, match="person"):
        message("consent.granted")


@given(st.text(string.printable + "{}“”ā", min_size=1))
def test_facts_appear_in_a_message_unchanged(fact: str) -> None:
    assert message("consent.granted", person=fact).title == f"{fact} allowed access in Xero"


def test_a_message_reads_as_one_paragraph() -> None:
    said = message("choice.different", practice="A", stored="B", tenant="C")
    assert said.text.startswith("A is connected to “B”, but “C” was chosen. Data of another account")
    assert "Start again and choose “B”. Log out of Xero first if it was not offered." in said.text
    assert said.text.endswith("“This practice has moved to another Xero Practice Manager account”.")


def test_a_stop_keeps_its_message_through_a_pickle() -> None:
    stopped = stop("consent.declined")
    again: Stopped = pickle.loads(pickle.dumps(Stopped(stopped.message, recorded=True)))  # noqa: S301 - our own
    assert (again.message, again.recorded) == (stopped.message, True)
    assert str(again) == stopped.message.text


def test_counts_have_thousands_separators_except_where_a_person_types_them() -> None:
    said = message("sync.too_many_missing", entity="Jobs", missing=1200, stored=25_000, added=0, changed=1_000_000)
    assert said.title == "Jobs: 1,200 of 25,000 are suddenly missing in Xero Practice Manager"
    assert "1,000,000 changed" in said.cause
    assert "--confirm-missing 1200 to" in said.next

"""People are told of each trouble once when it begins and once when it is over, by email and through webhooks."""

import datetime as dt
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import replace
from email.message import EmailMessage

import pytest
from pydantic import SecretStr
from sqlmodel import Session

from sandbox.world import LEO, MERE, SAM
from tests.consent.harbour import Harbour
from tests.mail_server import PASSWORD, Post, mail_server
from tests.webhook import PATH, Chat, chat_service
from xpm.activity.delivery import KEPT, Delivered, deliver
from xpm.activity.staleness import PATIENCE, watch_syncs
from xpm.consent.watch import settle_connection, watch_connection
from xpm.entities.names import Entity
from xpm.pull.nights import begin_night, settle_syncs
from xpm.pull.pull import run_pull
from xpm.pull.summary import Outcome
from xpm.pull.work import PullRequest
from xpm.store import news, people
from xpm.store.consent import connections
from xpm.store.consent.sealed import Seal, survey
from xpm.store.pull import quarantine, runs
from xpm.store.records.rows import Scope
from xpm.store.tables import WaitingNews
from xpm.store.vocabulary import ConnectionState, RunStatus, SyncMode, SyncTrigger, Trouble
from xpm.words import Stopped, message

A_QUARTER = dt.timedelta(minutes=15)
RUN = "8e6b2a3c-1f4d-4e5a-9b7c-0d1e2f3a4b5c"


@pytest.fixture
def told(connected: Harbour) -> Iterator[tuple[Harbour, Post]]:
    """A practice of which Mere is told by email."""
    with mail_server() as (post, address):
        settings = {"xpm_smtp_url": address, "xpm_mail_from": "fyi@installation.example"}
        yield tell(with_settings(connected, **settings), MERE), post


def with_settings(harbour: Harbour, **changes: object) -> Harbour:
    integration = harbour.integration
    settings = integration.settings.model_copy(update=changes)
    return replace(harbour, integration=replace(integration, settings=settings))


def tell(harbour: Harbour, *emails: str) -> Harbour:
    with harbour.database.write() as session:
        for email in emails:
            people.update(session, harbour.person(email).id, gets_news=True)
    return harbour


def watch(harbour: Harbour) -> Delivered:
    """Watch the practice and send its news, as the runbooks do."""
    watch_connection(harbour.integration, harbour.slug)
    watch_syncs(harbour.integration, harbour.slug)
    settle_connection(harbour.integration, harbour.slug)
    return deliver(harbour.integration, harbour.slug)


def wait(harbour: Harbour, time: dt.timedelta) -> None:
    harbour.world.clock.advance(time.total_seconds())


def sync(harbour: Harbour, *entities: Entity) -> None:
    for entity in entities:
        run_pull(harbour.integration, PullRequest(harbour.slug, entity, SyncMode.FULL, SyncTrigger.OVERNIGHT))


def ended(
    harbour: Harbour,
    outcomes: Mapping[Entity, Outcome],
    trigger: SyncTrigger = SyncTrigger.OVERNIGHT,
    *,
    is_full: bool = True,
) -> None:
    """End a sync like this."""
    with harbour.database.write() as session:
        settle_syncs(session, harbour.integration, harbour.slug, trigger, outcomes, flow_run_id=RUN, is_full=is_full)


def text_of(mail: EmailMessage) -> str:
    return str(mail.get_content())


def waiting(harbour: Harbour) -> list[tuple[str, str]]:
    """The news that waits: its receiver and its title."""
    with harbour.database.read() as session:
        return [(one.receiver, one.title) for one in news.waiting(session, harbour.slug)]


@pytest.mark.also_on_postgresql("troubles are stored and locked")
def test_a_broken_connection_is_told_once_and_its_end_once(told: tuple[Harbour, Post]) -> None:
    harbour, post = told
    harbour.at_xero(MERE, privilege=False)
    assert [watch(harbour).sent for _ in range(3)] == [1, 0, 0]
    (mail,) = post.emails()
    assert (mail["To"], mail["From"]) == (MERE, "fyi@installation.example")
    assert mail["Subject"].startswith("Harbour & Vale Accountants: ")
    assert "http://127.0.0.1:4280/practices/harbour-vale" in text_of(mail)

    harbour.at_xero(MERE, privilege=True)
    assert [watch(harbour).sent for _ in range(3)] == [1, 0, 0]
    (over,) = post.emails()
    assert over["Subject"].startswith("Harbour & Vale Accountants: This is over: ")


def test_a_trouble_for_another_reason_is_told_again(told: tuple[Harbour, Post]) -> None:
    harbour, post = told
    harbour.at_xero(MERE, privilege=False)
    watch(harbour)
    harbour.world.grants.revoke(MERE)
    assert [watch(harbour).sent for _ in range(2)] == [1, 0]
    lost, revoked = post.emails()
    assert lost["Subject"] != revoked["Subject"]


def test_what_people_did_here_is_no_news(told: tuple[Harbour, Post]) -> None:
    harbour, _ = told
    with harbour.database.write() as session:
        connections.get(session, harbour.slug).consent_id = None
        connections.move(session, harbour.slug, ConnectionState.DISCONNECTED, now=harbour.integration.clock())
    assert watch(harbour).sent == 0


def test_a_person_who_cannot_keep_the_connection_is_told_until_that_is_mended(told: tuple[Harbour, Post]) -> None:
    harbour, post = told
    for is_admin in (False, True):
        with harbour.database.write() as session:
            people.update(session, harbour.person(MERE).id, is_admin=is_admin)
        assert [watch(harbour).sent for _ in range(2)] == [1, 0]
    began, over = post.emails()
    assert "no longer an FYI Admin" in began["Subject"]
    assert "This is over" in over["Subject"]


@pytest.mark.also_on_postgresql("overdue entities are found by SQL")
def test_entities_that_stop_being_synchronised_come_in_one_email_and_end_one_by_one(told: tuple[Harbour, Post]) -> None:
    harbour, post = told
    everything = (Entity.JOBS, Entity.CLIENTS, Entity.STAFF, Entity.CUSTOM_FIELDS)
    sync(harbour, *everything)
    wait(harbour, PATIENCE + A_QUARTER)
    assert [watch(harbour).sent for _ in range(2)] == [4, 0]
    (mail,) = post.emails()
    assert all(f"{entity.label}: no complete sync since" in text_of(mail) for entity in everything)
    assert mail["Subject"].endswith("(+3)")

    sync(harbour, Entity.STAFF)
    assert [watch(harbour).sent for _ in range(2)] == [1, 0]
    (over,) = post.emails()
    assert "This is over: Staff: no complete sync" in text_of(over)


@pytest.mark.also_on_postgresql("parked runs are found by SQL")
def test_an_entity_that_waits_for_xero_for_more_than_a_day_is_told_until_it_went_on(
    told: tuple[Harbour, Post],
) -> None:
    harbour, post = told
    for _ in range(4):
        park(harbour, Entity.STAFF)
        watch(harbour)
        watch(harbour)
        wait(harbour, dt.timedelta(hours=12))
    told_of = [text_of(mail) for mail in post.emails()]
    assert [text.count("Staff: waiting for Xero's daily limit since") for text in told_of if "limit" in text] == [1]
    sync(harbour, Entity.STAFF)
    watch(harbour)
    (over,) = post.emails()
    assert "This is over: Staff: waiting for Xero's daily limit" in text_of(over)


def park(harbour: Harbour, entity: Entity) -> None:
    """A run that ended because the day's calls were used up."""
    connection = harbour.connection()
    with harbour.database.write() as session:
        now = harbour.integration.clock()
        run = runs.start(
            session,
            practice=harbour.slug,
            tenant_id=connection.tenant_id or "",
            entity=entity,
            mode=SyncMode.FULL,
            trigger=SyncTrigger.OVERNIGHT,
            now=now,
        )
        runs.finish(session, run.id, RunStatus.PARKED, reason_key="sync.parked", resumes_at=now, now=now)


@pytest.mark.also_on_postgresql("what was set aside a day ago is counted by SQL")
def test_a_growing_quarantine_is_told_until_it_grows_no_longer(told: tuple[Harbour, Post]) -> None:
    harbour, post = told
    scope = Scope(harbour.slug, harbour.connection().tenant_id or "")
    for night in range(3):
        with harbour.database.write() as session:
            now = harbour.integration.clock()
            for number in range(2):
                set_aside(session, scope, f"J{night}-{number}", now)
        watch(harbour)
        wait(harbour, dt.timedelta(days=1))
    (mail,) = [one for one in post.emails() if "set aside" in one["Subject"]]
    assert "More records are set aside than a day ago: 2, 2 of them new" in mail["Subject"]
    wait(harbour, PATIENCE)
    watch(harbour)
    assert ["This is over: More records are set aside" in text_of(one) for one in post.emails()].count(True) == 1


def set_aside(session: Session, scope: Scope, key: str, now: dt.datetime) -> None:
    quarantine.put(session, scope, "job", record_key=key, reason="bad", payload="", run_id=None, now=now)


FAILED = Stopped(message("sync.failed", entity="Jobs", reason="Xero did not answer."))
MISSING = Stopped(
    message("sync.too_many_missing", entity="Jobs", missing=900, stored=1000, added=0, changed=0), recorded=True
)


@pytest.fixture
def well(connected: Harbour) -> Outcome:
    """How a sync of jobs ends well."""
    request = PullRequest(connected.slug, Entity.JOBS, SyncMode.FULL, SyncTrigger.MANUAL)
    return run_pull(connected.integration, request)


@pytest.mark.parametrize("stopped", [FAILED, MISSING])
def test_a_night_that_failed_or_asks_for_action_is_told_once_with_its_run(
    told: tuple[Harbour, Post], well: Outcome, stopped: Stopped
) -> None:
    harbour, post = told
    for _ in range(2):
        ended(harbour, {Entity.JOBS: stopped, Entity.STAFF: well})
        deliver(harbour.integration, harbour.slug)
    (mail,) = post.emails()
    assert f"http://127.0.0.1:4280/runs/{RUN}" in text_of(mail)
    assert stopped.message.title in " ".join(text_of(mail).split())
    assert stopped.message.next not in text_of(mail)  # it may name records

    ended(harbour, {Entity.JOBS: well})
    deliver(harbour.integration, harbour.slug)
    (over,) = post.emails()
    assert "This is over" in over["Subject"]


def test_a_full_sync_by_hand_puts_a_night_right_and_a_part_of_one_does_not(
    told: tuple[Harbour, Post], well: Outcome
) -> None:
    harbour, _ = told
    ended(harbour, {Entity.JOBS: FAILED})
    ended(harbour, {Entity.JOBS: well}, SyncTrigger.MANUAL, is_full=False)
    ended(harbour, {Entity.STAFF: well}, SyncTrigger.MANUAL)
    assert len(waiting(harbour)) == 1
    ended(harbour, {Entity.JOBS: well}, SyncTrigger.MANUAL)
    assert len(waiting(harbour)) == 2


def test_a_sync_by_hand_that_fails_is_no_news_to_whoever_asked_for_it(told: tuple[Harbour, Post]) -> None:
    harbour, _ = told
    ended(harbour, {Entity.JOBS: FAILED}, SyncTrigger.MANUAL)
    assert waiting(harbour) == []


def test_a_night_that_only_waits_for_xero_did_not_fail(told: tuple[Harbour, Post]) -> None:
    harbour, _ = told
    ended(harbour, {Entity.JOBS: Stopped(message("sync.parked", entities="Jobs", resumes_at="tomorrow"))})
    assert waiting(harbour) == []


def test_nights_of_a_broken_connection_say_nothing_that_the_break_did_not(told: tuple[Harbour, Post]) -> None:
    harbour, _ = told
    harbour.at_xero(MERE, privilege=False)
    watch(harbour)
    ended(harbour, {Entity.JOBS: FAILED})
    assert waiting(harbour) == []


def test_a_night_whose_run_crashed_is_over_with_the_next_that_came_to_its_end(
    told: tuple[Harbour, Post], well: Outcome
) -> None:
    harbour, post = told
    for _ in range(2):
        with harbour.database.write() as session:
            begin_night(session, harbour.integration, harbour.slug, message("runbook.crashed"), RUN)
        deliver(harbour.integration, harbour.slug)
    ended(harbour, {Entity.JOBS: well})
    deliver(harbour.integration, harbour.slug)
    assert len(post.emails()) == 2


def test_everybody_chosen_is_told_and_nobody_else(told: tuple[Harbour, Post]) -> None:
    harbour, post = told
    tell(harbour, SAM, LEO)
    with harbour.database.write() as session:
        people.update(session, harbour.person(LEO).id, is_active=False)
    ended(harbour, {Entity.JOBS: FAILED})
    deliver(harbour.integration, harbour.slug)
    assert sorted(mail["To"] for mail in post.emails()) == sorted([MERE, SAM])


def test_whoever_leaves_before_the_news_is_sent_is_not_told(told: tuple[Harbour, Post]) -> None:
    harbour, post = told
    ended(harbour, {Entity.JOBS: FAILED})
    with harbour.database.write() as session:
        people.update(session, harbour.person(MERE).id, is_active=False)
    deliver(harbour.integration, harbour.slug)
    assert (post.emails(), waiting(harbour)) == ([], [])


@pytest.mark.also_on_postgresql("the address is stored sealed")
def test_the_webhooks_of_the_practice_and_the_installation_get_each_piece(told: tuple[Harbour, Post]) -> None:
    harbour, _ = told
    with chat_service() as theirs, chat_service() as ours:
        harbour = with_settings(harbour, xpm_notify_url=ours.url)
        with harbour.database.write() as session:
            news.set_webhook(session, harbour.integration.vault, harbour.slug, theirs.url.get_secret_value())
            assert survey(session, harbour.integration.vault)[Seal.NEWEST] > 0
        ended(harbour, {Entity.JOBS: FAILED})
        assert deliver(harbour.integration, harbour.slug) == Delivered(3)
        heard = [said_to(theirs), said_to(ours)]
    assert heard[0] == heard[1]
    (said,) = heard[0]
    link = f"http://127.0.0.1:4280/runs/{RUN}"
    assert said == {
        "event": "xpm.night.began",
        "practice": "harbour-vale",
        "text": f"Harbour & Vale Accountants: {FAILED.message.title}. {link}",
        "link": link,
    }


def said_to(chat: Chat) -> list[dict[str, str]]:
    return [json.loads(chat.heard.get_nowait()[1]) for _ in range(chat.heard.qsize())]


def test_a_webhooks_address_is_stored_sealed_and_bound_to_its_practice(connected: Harbour) -> None:
    address = f"https://chat.example{PATH}"
    with connected.database.write() as session:
        news.set_webhook(session, connected.integration.vault, connected.slug, address)
    with connected.database.engine.connect() as raw:
        stored = bytes(raw.exec_driver_sql("SELECT address FROM news_address").scalar_one())
    assert PATH.encode() not in stored
    with connected.database.read() as session:
        assert news.webhook(session, connected.integration.vault, connected.slug) == address


def test_a_receiver_who_cannot_be_reached_keeps_no_other_from_being_told_and_is_told_later(
    told: tuple[Harbour, Post],
) -> None:
    harbour, post = told
    with chat_service(503, 204) as chat:
        harbour = with_settings(harbour, xpm_notify_url=chat.url)
        ended(harbour, {Entity.JOBS: FAILED})
        first = deliver(harbour.integration, harbour.slug)
        second = deliver(harbour.integration, harbour.slug)
    assert (first, second) == (Delivered(1, ("status 503",), may_pass=True), Delivered(1))
    assert (len(post.emails()), chat.heard.qsize()) == (1, 2)


@pytest.mark.parametrize(
    ("answer", "may_pass"), [("451 try later", True), ("550 no such mailbox", False), ("554 refused", False)]
)
def test_a_mail_server_that_refuses_for_good_is_not_asked_again(
    connected: Harbour, answer: str, may_pass: bool, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    with mail_server(answer) as (post, address):
        harbour = tell(with_settings(connected, xpm_smtp_url=address, xpm_mail_from="fyi@installation.example"), MERE)
        ended(harbour, {Entity.JOBS: FAILED})
        done = [deliver(harbour.integration, harbour.slug) for _ in range(2)]
    reason = f"email: status {answer.split(maxsplit=1)[0]}"
    assert done[0] == Delivered(0, (reason,), may_pass=may_pass)
    assert post.asked == 1 + may_pass
    assert len(waiting(harbour)) == may_pass
    assert PASSWORD not in caplog.text


def test_a_wrong_password_is_reported_without_it(connected: Harbour, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with mail_server(password="another") as (post, address):
        harbour = tell(with_settings(connected, xpm_smtp_url=address, xpm_mail_from="fyi@installation.example"), MERE)
        ended(harbour, {Entity.JOBS: FAILED})
        done = deliver(harbour.integration, harbour.slug)
    assert done == Delivered(0, ("email: status 535",))
    assert (post.asked, PASSWORD in caplog.text) == (0, False)


def test_a_mail_server_that_is_not_there_may_be_there_later(connected: Harbour) -> None:
    nowhere = SecretStr(f"smtp://fyi:{PASSWORD}@127.0.0.1:9")
    harbour = tell(with_settings(connected, xpm_smtp_url=nowhere, xpm_mail_from="fyi@installation.example"), MERE)
    ended(harbour, {Entity.JOBS: FAILED})
    done = deliver(harbour.integration, harbour.slug)
    assert done == Delivered(0, ("email: ConnectionRefusedError",), may_pass=True)


def test_nothing_goes_to_another_machine_unencrypted(connected: Harbour) -> None:
    """Resolvers read 127.1 as 127.0.0.1, but it is no address of this machine by the rules of IP addresses."""
    with mail_server() as (post, address):
        elsewhere = SecretStr(address.get_secret_value().replace("127.0.0.1", "127.1"))
        harbour = tell(with_settings(connected, xpm_smtp_url=elsewhere, xpm_mail_from="fyi@x.example"), MERE)
        ended(harbour, {Entity.JOBS: FAILED})
        done = deliver(harbour.integration, harbour.slug)
    assert done == Delivered(0, ("the mail server lacks what is needed",))
    assert post.asked == 0


def test_news_that_nobody_took_for_days_is_no_longer_news(connected: Harbour) -> None:
    harbour = tell(connected, MERE)
    ended(harbour, {Entity.JOBS: FAILED})
    assert deliver(harbour.integration, harbour.slug).failed == ("XPM_SMTP_URL is not set where the worker runs",)
    assert len(waiting(harbour)) == 1
    wait(harbour, KEPT + A_QUARTER)
    deliver(harbour.integration, harbour.slug)
    assert waiting(harbour) == []


def test_an_email_that_is_sent_again_has_the_same_identity(told: tuple[Harbour, Post]) -> None:
    harbour, post = told
    ended(harbour, {Entity.JOBS: FAILED})
    with harbour.database.read() as session:
        before = [one.model_dump() for one in news.waiting(session, harbour.slug)]
    deliver(harbour.integration, harbour.slug)
    with harbour.database.write() as session:  # as if the program had been killed before it could delete it
        session.add_all(WaitingNews(**one) for one in before)
    deliver(harbour.integration, harbour.slug)
    first, again = post.emails()
    assert first["Message-ID"] == again["Message-ID"]


def test_nothing_is_told_if_what_found_it_is_undone(told: tuple[Harbour, Post]) -> None:
    harbour, _ = told

    def killed() -> None:
        with harbour.database.write() as session:
            begin_night(session, harbour.integration, harbour.slug, message("runbook.crashed"), RUN)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()
    with harbour.database.read() as session:
        assert (news.troubles(session, harbour.slug), waiting(harbour)) == ([], [])


def test_line_breaks_in_a_name_add_no_headers(told: tuple[Harbour, Post]) -> None:
    harbour, post = told
    odd = message("sync.failed", entity="Jobs\r\nBcc: all@x.example", reason="x.")
    ended(harbour, {Entity.JOBS: Stopped(odd)})
    deliver(harbour.integration, harbour.slug)
    (mail,) = post.emails()
    assert mail["Bcc"] is None


def test_troubles_of_one_practice_are_not_another_s(told: tuple[Harbour, Post]) -> None:
    harbour, _ = told
    ended(harbour, {Entity.JOBS: FAILED})
    with harbour.database.read() as session:
        (one,) = news.troubles(session, harbour.slug)
        assert (one.trouble, one.subject, news.troubles(session, "another")) == (Trouble.NIGHT, "jobs", [])

"""What people do in the console stands in the audit trail, and what they tried; and no secret does."""

from collections.abc import Callable, Mapping
from uuid import UUID

import pytest
from sqlmodel import col, select

from console.app import ROUTES
from console.gate import GatedRoute, Need
from console.runs import StepState
from tests.console.office import COASTAL, HARBOUR, LEO, MERE, SAM, Office, press
from tests.console.test_attention import has
from tests.console.test_missing import misses
from tests.console.test_rights import Scene, scene
from xpm.access.actor import ActorKind
from xpm.access.audit import Action, AuditOutcome
from xpm.access.login import make_link
from xpm.account.comparison import AccountComparison
from xpm.store.records.kinds import STAFF
from xpm.store.tables import AuditEntry
from xpm.store.vocabulary import SyncTrigger

__all__ = ["scene"]

FORMS = [one for one in ROUTES if isinstance(one, GatedRoute) and one.action]
OVER = {"stage": StepState.COMPLETED}
Act = Callable[[Office], object]


def lines(office: Office) -> list[AuditEntry]:
    """The trail, oldest first."""
    with office.integration.database.read() as session:
        return list(session.exec(select(AuditEntry).order_by(col(AuditEntry.id))))


def sync(office: Office) -> object:
    office.connect()
    return office.post(f"/practices/{HARBOUR}/sync", {"entities": "staff"})


def confirm_missing(office: Office) -> object:
    office.connect()
    misses(office, "staff-1")
    return office.post(f"/practices/{HARBOUR}/missing", {"entity": "staff", "count": "1"})


def accept_staff(office: Office) -> object:
    office.connect()
    has(office, STAFF, {"key": "s-1", "name": "Aroha Ngata"})
    return office.post(f"/practices/{HARBOUR}/staff", {"key": "s-1"})


def choose(office: Office) -> object:
    run_id = office.runs.add(HARBOUR)
    office.runs.pause_for_choice(run_id, "A · 0001", "B · 0002")
    return office.post(f"/runs/{run_id}/account", {"account": "A · 0001"})


def confirm(office: Office) -> object:
    run_id = office.runs.add(HARBOUR)
    compared = AccountComparison(practice_name="", tenant_name="Harbour & Vale", until_now="none", kinds=())
    office.runs.pause_for_name(run_id, compared)
    return office.post(f"/runs/{run_id}/name", {"account_name": "Harbour & Vale"})


DONE: Mapping[str, Act] = {
    "/login/link/{token:token}": lambda office: office.log_in(SAM),
    "/logout": lambda office: office.post("/logout", {}),
    "/practices/{slug:slug}/settings": lambda office: office.post(
        f"/practices/{HARBOUR}/settings", {"maintain_jobs": "on"}
    ),
    "/practices/{slug:slug}/news": lambda office: office.post(
        f"/practices/{HARBOUR}/news", {"told": office.person(MERE).id}
    ),
    "/practices/{slug:slug}/reconnect": lambda office: office.post(f"/practices/{HARBOUR}/reconnect", {}),
    "/practices/{slug:slug}/sync": sync,
    "/practices/{slug:slug}/missing": confirm_missing,
    "/practices/{slug:slug}/staff": accept_staff,
    "/runs/{run:uuid}/account": choose,
    "/runs/{run:uuid}/name": confirm,
    "/connect/{attempt:uuid}": lambda office: press(office.browser, office.invited()[1].link),
}
"""How each form is sent so that it does something. The login at an issuer is in test_login."""


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.path)
def test_every_form_leaves_a_line_that_says_who_did_what(office: Office, form: GatedRoute) -> None:
    if form.path == "/login":
        assert form.path not in DONE  # it only leads to the issuer, whose answer has a line
        return
    before = len(lines(office))
    DONE[form.path](office)
    (line,) = lines(office)[before:]
    assert (line.action, line.outcome, line.actor_kind) == (form.action, AuditOutcome.DONE, ActorKind.PERSON)
    assert line.actor in {MERE, SAM}
    assert line.session


@pytest.mark.parametrize("email", [None, LEO])
def test_what_was_refused_leaves_a_line_too(scene: Scene, email: str | None) -> None:
    office = scene.office
    for form in FORMS:
        if form.needs is Need.NOTHING or (email and not form.path.endswith(("settings", "news", "reconnect", "name"))):
            continue
        with office.another_browser(email) as browser:
            before = len(lines(office))
            scene.ask(browser, form, "POST")
        (line,) = lines(office)[before:]
        assert (line.action, line.outcome) == (form.action, AuditOutcome.REFUSED)
        assert line.actor == (email or "")
        assert line.actor_kind == (ActorKind.PERSON if email else ActorKind.VISITOR)


def test_a_page_of_another_practice_that_somebody_tried_to_open_leaves_a_line(office: Office) -> None:
    office.log_in(LEO).get(f"/practices/{COASTAL}")
    assert (lines(office)[-1].action, lines(office)[-1].practice) == (Action.OPEN_PAGE, COASTAL)


def test_what_is_done_to_a_run_or_a_link_of_a_practice_is_in_its_part_of_the_trail(office: Office) -> None:
    run_id = office.runs.add(COASTAL)
    office.post(f"/runs/{run_id}/account", {"account": "A · 0001"})
    assert (lines(office)[-1].outcome, lines(office)[-1].practice) == (AuditOutcome.REFUSED, COASTAL)
    press(office.browser, office.invited()[1].link)
    assert (lines(office)[-1].action, lines(office)[-1].practice) == (Action.OPEN_CONNECT_LINK, HARBOUR)


def test_a_changed_setting_has_its_value_before_and_after_and_an_unchanged_one_no_line(office: Office) -> None:
    form = {"maintain_jobs": "on", "sync_custom_fields": "on", "import_tax_assessments": "on"}
    office.post(f"/practices/{HARBOUR}/settings", form)
    line, count = lines(office)[-1], len(lines(office))
    assert (line.before, line.after) == ({"maintain_jobs": False}, {"maintain_jobs": True})
    office.post(f"/practices/{HARBOUR}/settings", form)
    assert len(lines(office)) == count


def test_a_failed_login_is_in_the_trail_without_the_links_token(office: Office) -> None:
    link = make_link(office.integration, SAM).get_secret_value()
    with office.another_browser() as first, office.another_browser() as second:
        press(first, link)
        press(second, link)
    told, failed = lines(office)[-2:]
    assert (told.outcome, failed.outcome, failed.detail) == ("done", "refused", "login.link_over")
    assert not any(link.rpartition("/")[2] in repr(line) for line in lines(office))


def test_no_cookie_stands_in_the_trail(office: Office) -> None:
    office.post(f"/practices/{HARBOUR}/reconnect", {})
    token = office.browser.cookies["xpm-session"].rpartition(".")[0]
    assert not any(token in repr(line) for line in lines(office))


def test_strangers_cannot_fill_the_trail(office: Office) -> None:
    with office.another_browser() as stranger:
        answers = [press(stranger, f"/practices/{HARBOUR}/sync").status_code for _ in range(60)]
    assert answers[-1] == 429
    assert len([line for line in lines(office) if line.actor_kind == ActorKind.VISITOR]) <= 20


def test_a_person_cannot_fill_the_trail_with_what_is_refused(office: Office) -> None:
    before = len(lines(office))
    answers = [office.get(f"/practices/{COASTAL}").status_code for _ in range(210)]
    assert (answers[0], answers[-1]) == (404, 429)
    assert len(lines(office)) - before == 200
    assert office.get(f"/practices/{HARBOUR}").status_code == 200


def test_a_sync_or_reconnect_that_was_asked_for_too_often_starts_nothing_and_leaves_a_line(office: Office) -> None:
    for action, most, form in ((Action.RECONNECT, 20, {}), (Action.SYNC, 60, {"entities": "staff"})):
        if action is Action.SYNC:
            office.connect()
        for _ in range(most):
            office.post(f"/practices/{HARBOUR}/{action}", form)
            office.runs.runs = {run_id: run.model_copy(update=OVER) for run_id, run in office.runs.runs.items()}
        started = len(office.runs.runs)
        assert office.post(f"/practices/{HARBOUR}/{action}", form).status_code == 429
        last = lines(office)[-1]
        assert (last.action, last.outcome, last.detail) == (action, AuditOutcome.REFUSED, "access.too_often")
        assert (last.practice, len(office.runs.runs)) == (HARBOUR, started)


def test_the_run_that_was_started_is_named(office: Office) -> None:
    sync(office)
    (run_id,) = office.runs.runs
    assert UUID(str(lines(office)[-1].resource).split()[1].rstrip(":")) == run_id
    assert office.runs.runs[run_id].trigger is SyncTrigger.MANUAL

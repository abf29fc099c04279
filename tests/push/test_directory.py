"""What people call a record means one current record, or it is said why not."""

from sqlalchemy import event
from sqlmodel import Session

from tests.pull.house import SCOPE
from tests.push.desk import Desk
from xpm.entities.names import Noun
from xpm.push.asks import Record
from xpm.push.directory import Directory
from xpm.store.records import bulk, kinds
from xpm.store.records import edits as record_edits
from xpm.store.vocabulary import ArchiveReason
from xpm.words import Stopped


def test_a_number_as_it_is_spelled_goes_before_one_in_other_letters(desk: Desk) -> None:
    (first, second, third, *_) = (desk.house.key_of(number) for number in desk.some_jobs(3))
    numbered(desk, {first: "Return-1", second: "return-1"})

    found = meant(desk, Noun.JOB, "Return-1", " return-1 ", "RETURN-1", third.upper(), "Return-2")

    assert found == [first, second, "push.record_several", third, "push.record_unknown"]


def test_an_archived_record_is_meant_only_if_no_current_one_is(desk: Desk) -> None:
    (first, second, *_) = (desk.house.key_of(number) for number in desk.some_jobs(2))
    numbered(desk, {first: "Return-1", second: "return-1"})
    archive(desk, first)

    assert meant(desk, Noun.JOB, "Return-1", first) == [second, "push.record_archived"]
    archive(desk, second)
    assert meant(desk, Noun.JOB, "Return-1") == ["push.record_archived"]


def test_a_client_goes_by_its_xpm_id_or_name_and_two_of_one_name_by_the_id_alone(desk: Desk) -> None:
    (first, second, *_) = clients(desk)
    with desk.house.database.write() as session:
        for key in (first, second):
            rename(session, desk, key)

    assert meant(desk, Noun.CLIENT, "baker & sons", first, second) == ["push.record_several", first, second]


def test_any_number_of_records_is_looked_up_at_once(desk: Desk) -> None:
    jobs, statements = desk.some_jobs(6), []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(desk.house.database.engine, "before_cursor_execute", note)
    for names in (jobs[:1], jobs):
        statements.clear()
        with desk.house.database.read() as session:
            found = Directory(session, SCOPE).records(Noun.JOB, names)
        assert [one.number for one in found.values() if isinstance(one, Record)] == names
        assert len([one for one in statements if "FROM job" in one]) == 2, statements
        assert [one for one in statements if "lower(" in one] == []


def meant(desk: Desk, noun: Noun, *names: str) -> list[str]:
    """The key that each name means, or the key of the sentence that says why none."""
    with desk.house.database.read() as session:
        found = Directory(session, SCOPE).records(noun, names)
    return [one.message.key if isinstance(one, Stopped) else one.key for one in (found[name] for name in names)]


def numbered(desk: Desk, numbers: dict[str, str]) -> None:
    with desk.house.database.write() as session:
        for key, number in numbers.items():
            record_edits.edit(
                session, kinds.JOBS, SCOPE, key, {"number": number}, person=desk.person, now=desk.house.clock()
            )


def rename(session: Session, desk: Desk, key: str) -> None:
    changes = {"name": "Baker & Sons"}
    record_edits.edit(session, kinds.CLIENTS, SCOPE, key, changes, person=desk.person, now=desk.house.clock())


def archive(desk: Desk, key: str) -> None:
    with desk.house.database.write() as session:
        bulk.archive(session, kinds.JOBS, SCOPE, [key], ArchiveReason.ABSENT, run_id=None, now=desk.house.clock())


def clients(desk: Desk) -> list[str]:
    with desk.house.database.read() as session:
        return sorted(bulk.active_keys(session, kinds.CLIENTS, SCOPE))

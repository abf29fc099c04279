"""What the tests run in other processes. It is a module of its own so that a process imports no test."""

from collections.abc import Sequence
from multiprocessing.context import ForkServerProcess
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier

from tests.store.audit.tampering import line
from tests.store.kit import NOW, practice
from xpm.store import leases, practices
from xpm.store.audit import entries
from xpm.store.consent import attempts
from xpm.store.consent.vault import Vault
from xpm.store.engine.database import Database
from xpm.store.errors import AttemptUsed
from xpm.store.leases import Lease


def run(workers: Sequence[ForkServerProcess]) -> None:
    """Run processes at the same time and check that each exits with 0."""
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(100)
    assert [worker.exitcode for worker in workers] == [0] * len(workers)


def migrate_in_step(url: str, barrier: Barrier) -> None:
    """Migrate at the same moment as the other processes."""
    barrier.wait()
    database = Database(url)
    database.migrate()
    assert database.schema_is_current()


def add_practices(url: str, worker: int, count: int) -> None:
    """Add practices in one transaction each. It reads before it writes, where a deferred transaction would fail."""
    database = Database(url)
    for number in range(count):
        with database.write() as session:
            practices.all_of_them(session)
            practice(session, f"p{worker}-{number}")


def take_lease(url: str, holder: str, barrier: Barrier, answers: "SimpleQueue[int]") -> None:
    """Acquire a lease at the same moment as the other processes, and put its generation into `answers` (0: none)."""
    database = Database(url)
    barrier.wait()
    with database.write() as session:
        lease = leases.acquire(session, "refresh/acme", holder, NOW)
    answers.put(lease.generation if isinstance(lease, Lease) else 0)


def use_callback(url: str, key: str, barrier: Barrier, answers: "SimpleQueue[str]") -> None:
    """Use the same callback at the same moment as the other processes."""
    database = Database(url)
    barrier.wait()
    try:
        with database.write() as session:
            attempts.use_up(session, Vault([key]), state="state-1", browser="browser-1", now=NOW)
    except AttemptUsed:
        answers.put("used")
    else:
        answers.put("taken")


def append_lines(url: str, key: str, count: int, barrier: Barrier) -> None:
    """Append lines to the audit trail at the same moment as the other processes."""
    database = Database(url)
    barrier.wait()
    for number in range(count):
        with database.write() as session:
            entries.append(session, Vault([key]), line(number))

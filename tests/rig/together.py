"""D10, D11, D15, D17, MOVE: workers, databases that die or move, second senders, people who leave."""

import signal
import time
from collections import Counter

from sqlalchemy import text

from publisher.store import read, write

from . import site
from .ground import Ground
from .harness import OURS, Rig
from .launch import Running
from .postgres import Postgres
from .report import Result
from .script import Paced

_WORKERS = 4
_SETTLE_SECONDS = 60.0


def d10(ground: Ground) -> Result:
    """Four workers share an edition; one is frozen beyond its lease and thawed, one is killed."""
    lease = ground.size(10, 5)  # shorter ones end while a busy machine lets a worker wait
    result = Result("D10", f"four workers, one frozen for {2 * lease} s, one killed", ground.kind)
    with ground.rig(
        readers=ground.size(5000, 300),
        script=Paced(ground.size(250, 100)),
        environ={"PUBLISHER_LEASE_SECONDS": str(lease)},
    ) as rig:
        site.open_edition(rig.root)
        workers = [rig.start("worker") for _ in range(_WORKERS)]
        frozen, killed = workers[:2]
        sends = rig.wait_for(ground.size(500, 30), running=killed)
        result.want(sends, "the workers do not send")
        frozen.signal(signal.SIGSTOP)
        rig.wait_for(ground.size(1000, 60), seconds=10)
        rig.kill_after(killed, rig.dice.randint(1, 20))
        time.sleep(2 * lease)
        # What it reads when it is thawed was taken before the repeat only if that came later.
        result.want(_is_taken_over(rig), "what the frozen one had in hand was not taken over")
        frozen.signal(signal.SIGCONT)
        result.want(_settle(rig, workers), "the others did not take over what was left")
        for worker in workers:
            worker.signal(signal.SIGTERM)
        ended = [worker.wait(30) for worker in workers]
        for each in (ended[0], *ended[2:]):
            result.want(each.code == 0, f"a worker ended with {each.code}: {each.err[-300:]}")
        late = sum(each.err.count("late result dropped") for each in ended)
        result.notes.append(f"{late} late results dropped")
        rig.judge(result, repeats=2 * rig.connections, inexcusable=0)
    return result


def d11(ground: Ground) -> Result:
    """The database server is killed and started again, while an edition is being sent."""
    times = ground.size(20, 3)
    result = Result("D11", f"PostgreSQL killed {times} times", ground.kind)
    readers = ground.size(4000, 300)
    with (
        Postgres(ground.new_folder() / "postgres") as server,  # nobody else's: it is killed
        ground.rig(readers=readers, script=Paced(100), database=server.new_database()) as rig,
    ):
        running, slowest, helped = rig.start("send", "--wait"), 0.0, 0
        for number in range(1, times + 1):
            rig.wait_for(number * readers // (times + 2), running=running)
            if not running.is_alive:
                helped += 1
                running = rig.start("send", "--wait")
            server.kill()
            time.sleep(rig.dice.uniform(0, 0.3))
            server.start()
            slowest = max(slowest, _seconds_to_next(rig, running))
        result.want(not helped, f"sending had to be started again {helped} times")
        # 5 seconds is the promise; a build machine is busy with much else.
        result.want(
            slowest <= ground.size(5, 20), f"went on only {slowest:.1f} s after the server was back"
        )
        ended = running.wait(60)
        result.want(ended.code == 0, f"exit code {ended.code}: {ended.err[-300:]}")
        rig.finish()
        rig.judge(result, repeats=times * rig.connections, inexcusable=times * rig.connections)
    result.kills = times
    result.notes.append(f"went on at most {slowest:.1f} s after the server was back")
    return result


def _seconds_to_next(rig: Rig, running: Running) -> float:
    """Return how long it takes until the next message comes; 30 when none does."""
    began, before = time.monotonic(), len(rig.server.journal.copies)
    rig.wait_for(before + rig.connections + 1, seconds=30, running=running)
    return time.monotonic() - began if running.is_alive else 30.0


def d15(ground: Ground) -> Result:
    """Two senders start at the same moment, before the edition is open."""
    result = Result("D15", "the same edition opened twice at once", ground.kind)
    for _ in range(ground.size(10, 2)):
        with ground.rig(readers=ground.size(500, 60), script=Paced(500)) as rig:
            both = [rig.start("send"), rig.start("send")]
            for each in both:
                ended = each.wait(60)
                result.want(ended.code == 0, f"exit code {ended.code}: {ended.err[-300:]}")
                result.want(OURS not in ended.err, ended.err[-300:])
            rig.finish()
            rig.judge(result, repeats=0)
            result.want(result.count.recipients == rig.readers, "not one row for each reader")
            with read(rig.engine) as conn:
                editions = conn.execute(text("SELECT count(*) FROM editions")).scalar_one()
            result.want(editions == 1, f"{editions} editions")
    return result


def d17(ground: Ground) -> Result:
    """People are suppressed while their edition is being sent."""
    result = Result("D17", "suppressed in a running send", ground.kind)
    leaving = ground.size(40, 5)
    readers = ground.size(4000, 300)
    ended_at: dict[str, float] = {}
    with ground.rig(readers=readers, script=Paced(ground.size(200, 60))) as rig:
        running = rig.start("send")
        rig.wait_for(5, running=running)
        for number in rig.dice.sample(range(readers // 4, readers), leaving):
            address = site.address(number)
            ended = rig.run("subscribers", "suppress", address)
            ended_at[address] = time.monotonic()
            result.want(ended.code == 0, f"exit code {ended.code}: {ended.err[-300:]}")
        result.want(running.is_alive, "all were sent before anybody had left")
        result.want(running.wait(200).code == 0, "the send failed")
        rig.judge(result, repeats=0)
        late = [
            each.recipient
            for each in rig.server.journal.begun
            if each.mail_at > ended_at.get(each.recipient, each.mail_at)
        ]
        states = Counter(row.state for row in rig.rows() if row.address in ended_at)
    result.want(not late, f"{len(late)} messages began after their reader was suppressed")
    result.want(states["skipped"] > 0, "nobody left in time, so nothing was tried")
    result.notes.append(f"of {leaving} who left, {states['skipped']} were passed over")
    return result


def _is_taken_over(rig: Rig) -> bool:
    """Wait until no lease has ended, and whatever was in doubt has been sent once more.

    Not for what a frozen worker has locked, in the middle of writing it down: that is its own.
    """
    left = text(
        "SELECT id FROM deliveries WHERE (state = 'sending' AND lease_until_at < "
        "extract(epoch FROM now())) OR (doubts > 0 AND state <> 'sent') FOR UPDATE SKIP LOCKED"
    )
    end = time.monotonic() + _SETTLE_SECONDS
    while time.monotonic() < end:
        with write(rig.engine) as conn:
            if not conn.execute(left).all():
                return True
        time.sleep(0.1)
    return False


def _settle(rig: Rig, workers: list[Running]) -> bool:
    """Wait until nothing waits and nothing is being sent, or nobody is left to send it."""
    end = time.monotonic() + _SETTLE_SECONDS
    while time.monotonic() < end and any(worker.is_alive for worker in workers):
        found = rig.count()
        if found.recipients and not found.waiting:
            return True
        time.sleep(0.1)
    return False


def move(ground: Ground) -> Result:
    """A site outgrows its machine: killed half-way on SQLite, backed up, restored on PostgreSQL."""
    result = Result("MOVE", "from SQLite to PostgreSQL in mid-edition", "SQLite to PostgreSQL")
    readers, patience = ground.size(100_000, 300), 900.0
    with ground.rig(readers=readers, database=site.SQLITE) as rig:
        running = rig.start("send")
        result.want(
            rig.wait_for(readers // 2, seconds=patience, running=running), "not half was sent"
        )
        rig.kill_after(running, rig.dice.randint(1, 20))
        before = len(rig.server.journal.copies)
        copy = str(rig.root.parent / "move.zip")
        saved = rig.run("backup", copy, seconds=patience)
        result.want(saved.code == 0, f"backup ended with {saved.code}: {saved.err[-300:]}")
        rig.move_to(ground.server().new_database())
        restored = rig.run("restore", "--as-is", copy, seconds=patience)
        result.want(
            restored.code == 0, f"restore ended with {restored.code}: {restored.err[-300:]}"
        )
        sent = rig.run("send", seconds=patience)
        result.want(sent.code == 0, f"send ended with {sent.code}: {sent.err[-300:]}")
        rig.finish()
        rig.judge(result, repeats=rig.connections)
        result.notes.append(f"{before:,} went out before the move")
    return result

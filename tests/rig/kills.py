"""D1, D2, D3, D20: the sender is ended again and again, and somebody starts it once more."""

import shutil

from publisher.store import read

from .accounting import add, count, count_maildir, rows_of
from .ground import Ground
from .harness import Rig
from .journal import Journal
from .report import Result
from .script import Deed, End, Paced, Step, by_chance, first_of, slow, tired_after
from .site import DUE, MINUTE

_STEPS_A_MESSAGE = 6
_CRASHED = 9


def d1(ground: Ground) -> Result:
    """Ended with kill -9 at random moments."""
    result = Result("D1", "kill -9 at random moments", ground.kind)
    with ground.rig(readers=ground.size(5000, 150), script=slow(0.004, seed=1)) as rig:
        kills = ground.size(200, 6)
        _kill_again_and_again(rig, kills)
        rig.finish(now=DUE + 3 * kills * MINUTE)
        rig.judge(result, repeats=rig.kills * rig.connections)
    result.want(result.kills >= ground.size(180, 4), f"only {result.kills} kills came in time")
    return result


def d2(ground: Ground) -> Result:
    """The same, while the server fails in its own ways."""
    result = Result("D2", "D1, and answers lost, 451 and 421", ground.kind)
    script = first_of(
        by_chance(Step.DOT, Deed(end=End.FIN), 0.03, seed=2),
        by_chance(Step.DOT, Deed(b"451 4.3.0 try again later\r\n"), 0.03, seed=3),
        tired_after(40, Deed(b"421 4.7.0 enough for one connection\r\n", End.FIN)),
        slow(0.004, seed=4),
    )
    with ground.rig(readers=ground.size(5000, 150), script=script) as rig:
        kills = ground.size(200, 6)
        _kill_again_and_again(rig, kills)
        rig.finish(now=DUE + 3 * kills * MINUTE)
        unheard = sum(not copy.is_answered for copy in rig.server.journal.copies)
        rig.judge(result, repeats=rig.kills * rig.connections + unheard)
        result.want(unheard > 0, "no answer was lost, so nothing was tried")
    return result


def d3(ground: Ground) -> Result:
    """Asked to stop with SIGTERM at random moments."""
    result = Result("D3", "SIGTERM at random moments", ground.kind)
    stops = ground.size(50, 4)
    with ground.rig(readers=ground.size(2000, 100), script=Paced(200)) as rig:
        slowest = 0.0
        for _ in range(stops):
            steps = rig.dice.randint(1, _share(rig, stops))
            ended, took = rig.stop_after(rig.start("send"), steps)
            slowest = max(slowest, took)
            result.want(
                ended.code == 0, f"exit code {ended.code} after SIGTERM: {ended.err[-200:]}"
            )
        rig.finish()
        rig.judge(result, repeats=0)
    result.want(slowest <= 10, f"a stop took {slowest:.1f} s")
    result.want(result.kills >= stops // 2, f"only {result.kills} stops came in time")
    result.notes.append(f"the slowest stop took {slowest:.2f} s")
    return result


def d20(ground: Ground) -> Result:
    """Ended just before its first, second, third … commit, rename or send."""
    result = Result("D20", "crash at every point", ground.kind)
    readers, stride = ground.size(20, 4), ground.size(1, 7)
    for transport in ("smtp", "maildir"):
        with ground.rig(readers=readers, connections=1, transport=transport) as rig:
            points = _crash_everywhere(rig, result, transport, stride)
        result.want(points > 2 * readers, f"only {points} points with {transport}")
        result.notes.append(f"{points:,} points with {transport}")
    return result


def _kill_again_and_again(rig: Rig, kills: int) -> None:
    """Kill so often that the edition is through with the last kill, more or less."""
    for number in range(3 * kills):
        steps = rig.dice.randint(1, _share(rig, kills))
        if rig.dice.random() < 0.1:
            steps = 1  # at the very beginning, when the last one's rows are taken over
        # The clock goes on by a minute each time, so that what was put off comes due.
        rig.kill_after(rig.start("send", now=DUE + number * MINUTE), steps)
        if rig.kills >= kills or (rig.kills and not rig.count().waiting):
            return


def _share(rig: Rig, ends: int) -> int:
    """Return twice the steps that one of the ends still to come may take, less some to spare."""
    left = len(rig.rows()) - len(rig.server.journal.by_id) or rig.readers
    return max(2, int(1.6 * left * _STEPS_A_MESSAGE / max(1, ends - rig.kills)))


def _crash_everywhere(rig: Rig, result: Result, transport: str, stride: int) -> int:
    """Crash a new copy of the site at each point; return how many there were."""
    origin = rig.root.with_name("origin")
    rig.engine.dispose()
    shutil.copytree(rig.root, origin)
    point, code = 1, _CRASHED
    while code == _CRASHED:
        rig.engine.dispose()
        shutil.rmtree(rig.root)
        shutil.copytree(origin, rig.root)
        journal = rig.server.journal = Journal(origin.with_name(f"journal-{point}.jsonl"))
        code = rig.run("send", PUBLISHER_CRASH_AT=str(point)).code
        again = rig.run("send")
        result.kills += code == _CRASHED
        result.want(code in (0, _CRASHED), f"exit code {code} at point {point} of {transport}")
        result.want(again.code == 0, f"exit code {again.code} after point {point} of {transport}")
        _judge_point(rig, result, journal, f"point {point} of {transport}")
        point += stride
    return point - stride


def _judge_point(rig: Rig, result: Result, journal: Journal, where: str) -> None:
    with read(rig.engine) as conn:
        rows = rows_of(conn)
    is_smtp = rig.settings["transport"] == "smtp"
    found = count(rows, journal) if is_smtp else count_maildir(rows, rig.root / "outbox")
    result.count = add(result.count, found)
    allowed = 1 if is_smtp else 0
    bad = found.lost, found.inexcusable, found.unnamed, found.differing, found.violations
    result.want(found.sent == found.recipients == rig.readers, f"{where}: {found}")
    result.want(not any(bad) and found.repeats <= allowed, f"{where}: {found}")

"""D4 to D9: servers that cut, put off, refuse, hang and babble."""

import time

from sqlalchemy import text

from publisher.store import read

from .certificate import make_certificate
from .ground import Ground
from .harness import OURS, Rig
from .launch import STILL_RUNNING, Ended, Running
from .report import Result
from .script import Deed, End, Greylist, Moment, Step, Storm, Turns, first_of, slow
from .site import DUE, MINUTE
from .strict import Offer

_LOGIN = Offer(starttls=True, auth=True)
_AFTER_DOT = frozenset({Step.DOT, Step.ANSWERED})
_MIB = 1024  # in KiB
_MOST_ROUNDS = 80


def d4(ground: Ground) -> Result:
    """Connections cut at each step, politely and not."""
    result = Result("D4", "cut at each step, FIN and RST", ground.kind)
    ways = (Deed(end=End.FIN), Deed(end=End.RST), Deed(b"25", End.FIN))
    parts = [(step, deed) for step in Step for deed in ways]
    turns = Turns(parts, times=ground.size(4, 1))
    folder = ground.new_folder()
    tls, trusted = make_certificate(folder)
    with ground.rig(
        readers=ground.size(1500, 200), script=turns, offer=_LOGIN, tls=tls, environ=trusted
    ) as rig:
        _play_all(rig, turns)
        rig.finish(now=DUE + _MOST_ROUNDS * 20 * MINUTE)
        cut = sum(step in _AFTER_DOT for step, _ in turns.played)
        rig.judge(result, repeats=cut)
        left = {step for step, _ in turns.waiting}
        result.want(not left, f"no connection came to be cut at {', '.join(sorted(left))}")
        early = [copy for copy in rig.server.journal.copies if not copy.is_answered]
        result.want(len(early) <= cut, "a message was taken without an answer before its dot")
    return result


def d5(ground: Ground) -> Result:
    """A server that says "later" to everybody once."""
    result = Result("D5", "greylisting of everybody", ground.kind)
    greylist = Greylist()
    with ground.rig(readers=ground.size(2000, 120), script=greylist) as rig:
        rig.run("send")
        first = len(rig.server.journal.begun)
        rig.run("send", now=DUE + 4 * MINUTE)
        result.want(len(rig.server.journal.begun) == first, "tried again within five minutes")
        rig.finish(now=DUE + 20 * MINUTE)
        rig.judge(result, repeats=0)
        tries = len(rig.server.journal.begun) / result.count.recipients
    result.want(tries <= 2.05, f"{tries:.2f} tries a recipient")
    result.want(result.count.failed == 0, f"{result.count.failed} failed")
    result.notes.append(f"{tries:.2f} tries a recipient")
    return result


def d6(ground: Ground) -> Result:
    """Every connection and every message meets a 421 for a while."""
    seconds = ground.size(60, 3)
    result = Result("D6", f"421 to everything for {seconds} s", ground.kind)
    storm = Storm(seconds)
    readers = ground.size(8000, 300)
    with ground.rig(readers=readers, script=first_of(storm, slow(0.08, seed=6))) as rig:
        running = rig.start("send", "--wait")
        rig.wait_for(40, running=running)
        began, before = time.monotonic(), len(rig.server.journal.copies)
        rig.wait_for(before + readers // 5, running=running)
        rate = (len(rig.server.journal.copies) - before) / (time.monotonic() - began)
        storm.begin()
        time.sleep(seconds)
        result.want(running.is_alive, "send --wait ended in the storm")
        _weigh_storm(rig, result, storm, seconds)
        _weigh_recovery(rig, result, running, storm, rate)
        # Only who had to be killed because it never came to an end may repeat anything.
        rig.judge(result, repeats=rig.connections if result.misses else 0)
    result.want(result.count.failed == 0, f"{result.count.failed} failed")
    return result


def _weigh_storm(rig: Rig, result: Result, storm: Storm, seconds: int) -> None:
    connects = [at for at in rig.server.journal.connects if storm.began <= at]
    most = max((sum(a <= b < a + 1 for b in connects) for a in connects), default=0)
    result.notes.append(
        f"{len(connects)} connections in {seconds} s of storm, {most} within one second at most"
    )
    result.want(len(connects) <= 5 * seconds, f"{len(connects)} connections in {seconds} s")


def _weigh_recovery(rig: Rig, result: Result, running: Running, storm: Storm, rate: float) -> None:
    """Full speed thirty seconds after means: all are through in the time that takes."""
    left = len(rig.rows()) - len(rig.server.journal.copies)
    over = storm.began + storm.seconds
    allowed = 30 + 1.25 * left / rate
    ended = running.wait(max(1.0, over + allowed - time.monotonic()))
    result.want(
        ended.code != STILL_RUNNING,
        f"not through {allowed:.0f} s after the storm, at {rate:.0f} messages a second before it",
    )
    after = [copy.accepted_at for copy in rig.server.journal.copies if copy.accepted_at > over]
    recovered = [one - over for one, other in _windows(after, rate) if other - one <= 1.25]
    if ended.code == STILL_RUNNING:
        rig.finish()
    when = f"{recovered[0]:.1f} s after the storm" if recovered else "not seen again"
    result.notes.append(f"{rate:.0f} messages/s before; full speed {when}")


def _windows(moments: list[float], size: float) -> list[tuple[float, float]]:
    """Return the ends of each run of so many moments."""
    step = max(2, round(size))
    return [(moments[at], moments[at + step - 1]) for at in range(len(moments) - step + 1)]


def d7(ground: Ground) -> Result:
    """A server that will not have us, whoever the recipient."""
    result = Result("D7", "refused at banner, EHLO, AUTH, MAIL", ground.kind)
    refusals = {
        Step.BANNER: b"554 5.7.1 your address is on a list of ours\r\n",
        Step.EHLO: b"550 5.7.1 that name is not welcome\r\n",
        Step.AUTH: b"535 5.7.8 these credentials are not known\r\n",
        Step.MAIL: b"550 5.7.1 sender not allowed here\r\n",
    }
    said: dict[Step, bytes] = {}

    def script(moment: Moment) -> Deed | None:
        return Deed(said[moment.step]) if moment.step in said else None

    tls, trusted = make_certificate(ground.new_folder())
    with ground.rig(
        readers=ground.size(500, 40), script=script, offer=_LOGIN, tls=tls, environ=trusted
    ) as rig:
        for number, (step, words) in enumerate(refusals.items()):
            said.clear()
            said[step] = words
            before = len(rig.server.journal.connects)
            ended = rig.run("send", now=DUE + number * 30 * MINUTE)
            tried = len(rig.server.journal.connects) - before
            heard = words.decode()[4:].strip()
            result.want(ended.code == 5, f"exit code {ended.code} when refused at {step}")
            result.want(heard in ended.err + ended.out, f"the words at {step} were not passed on")
            result.want(0 < tried <= 20, f"{tried} connections when refused at {step}")
            state, why = _edition(rig)
            result.want(state == "paused", f"the edition is {state} when refused at {step}")
            result.want(heard in why, f'the edition says "{why}" when refused at {step}')
        found = rig.count()
        result.want(found.waiting == found.recipients, f"not all wait: {found}")
        said.clear()
        rig.finish(now=DUE + 150 * MINUTE)
        rig.judge(result, repeats=0)
        result.want(_edition(rig)[0] == "sent", f"the edition is {_edition(rig)[0]} at the end")
    result.want(result.count.failed == 0, f"{result.count.failed} failed")
    return result


def _edition(rig: Rig) -> tuple[str, str]:
    """Return the state of the one edition, and why it is in it."""
    with read(rig.engine) as conn:
        state, why = conn.execute(text("SELECT state, note FROM editions")).one()
    return state, why


def d8(ground: Ground) -> Result:
    """One connection never hears whether its message was taken."""
    result = Result("D8", "hangs after one dot", ground.kind)
    patience = ground.size(20, 4)
    turns = Turns([(Step.DOT, Deed(end=End.HANG))])
    readers = ground.size(2000, 40)
    with ground.rig(
        readers=readers, script=turns, environ={"PUBLISHER_REPLY_SECONDS": str(patience)}
    ) as rig:
        running = rig.start("send")
        rig.wait_for(1, running=running)
        began = time.monotonic()
        result.want(rig.wait_for(readers, seconds=patience), "the others did not go on")
        result.notes.append(f"all others were through after {time.monotonic() - began:.1f} s")
        ended = running.wait(2 * patience + 10)
        result.want(
            ended.code != STILL_RUNNING, f"the answer is still waited for after {patience} s"
        )
        doubted = [row for row in rig.rows() if row.doubts]
        result.want(len(doubted) == 1, f"{len(doubted)} in doubt")
        rig.finish(now=DUE + 20 * MINUTE)
        rig.judge(result, repeats=1)
    return result


_OK = b"250 2.0.0 ok\r\n"
_ODD = {
    "garbage": Deed(b"\xff\xfe\x00not a reply\r\n"),
    "endless bytes": Deed(b"2" * 4096, End.ENDLESS),
    "endless lines": Deed(b"250-and more\r\n" * 300, End.ENDLESS),
    "a line of 1 MB": Deed(b"250 " + b"x" * 1_000_000 + b"\r\n"),
    "half a reply": Deed(b"250 2.0", End.FIN),
    "two replies": Deed(more=_OK),
    "no, then yes": Deed(b"550 5.7.0 no\r\n", more=_OK),
    "later, then yes": Deed(b"451 4.3.0 later\r\n", more=_OK),
}
_SPOKEN = (Step.BANNER, Step.EHLO, Step.MAIL, Step.RCPT, Step.DATA, Step.DOT, Step.RSET, Step.QUIT)
_UNASKED = (Step.ANSWERED, Deed(b"250 2.0.0 nobody asked\r\n", delay=0.003))


def d9(ground: Ground) -> Result:
    """Replies that are none, too many, too long or without an end."""
    result = Result("D9", "odd replies at each step", ground.kind)
    parts = [(step, deed) for step in _SPOKEN for deed in _ODD.values()] + [_UNASKED]
    if not ground.is_full:
        parts = [*parts[::4], (Step.DATA, _ODD["two replies"]), _UNASKED]
    usual = _peak(ground, result, [])
    odd = _peak(ground, result, parts)
    result.notes.append(
        f"{len(parts)} oddities; {odd // _MIB} MB at the most, {usual // _MIB} MB without them"
    )
    result.want(odd < usual + 50 * _MIB, f"{odd // _MIB} MB, without oddities {usual // _MIB} MB")
    return result


def _peak(ground: Ground, result: Result, parts: list[tuple[Step, Deed]]) -> int:
    """Send to everybody while these parts are played; return the most memory held, in KiB."""
    turns = Turns(parts)

    def refuse(moment: Moment) -> Deed | None:
        # Who takes the second reply to DATA for the answer to the message calls this one sent.
        doubled = turns.played_by.get(moment.session) == (Step.DATA, _ODD["two replies"])
        return Deed(b"451 4.3.0 not now\r\n") if moment.step is Step.DOT and doubled else None

    script = first_of(turns, refuse)
    knob = {"PUBLISHER_REPLY_SECONDS": str(ground.size(5, 3))}
    with ground.rig(readers=ground.size(900, 200), script=script, environ=knob) as rig:
        all_ended = _play_all(rig, turns)
        all_ended += rig.finish(now=DUE + len(all_ended) * 20 * MINUTE)
        for ended in all_ended:
            result.want(ended.code in (0, 5), f"exit code {ended.code}: {ended.err[-300:]}")
            result.want(OURS not in ended.err, ended.err[-300:])
        rig.judge(result, repeats=sum(step in _AFTER_DOT for step, _ in turns.played))
        left = sorted({step for step, _ in turns.waiting})
        result.want(not left, f"no connection came to {', '.join(left)}")
    return max(ended.peak for ended in all_ended)


def _play_all(rig: Rig, turns: Turns) -> list[Ended]:
    """Send some messages at a time, each time over new connections, until each part is played."""
    ended = []
    while turns.waiting and len(ended) < _MOST_ROUNDS:
        running = rig.start("send", now=DUE + len(ended) * 20 * MINUTE)
        ended.append(rig.stop_after(running, rig.dice.randint(10, 40))[0])
    rig.kills = 0  # stops are not what is tried here
    return ended

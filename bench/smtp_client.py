"""Claim: our SMTP client takes at most a fifth of smtplib's processor time for a message.

Messages of 60 KB, composed beforehand, from each client to the same smtp-sink, each client in a
process of its own that does nothing else: no ledger, no composing. What counts is that process's
own time, in the program and in the kernel, between the first message and the last answer.

    python -m bench.smtp_client [--messages 5000] [--runs 5]
"""

import argparse
import asyncio
import json
import resource
import smtplib
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence

from bench.composing import body_of, compose
from bench.plain import Newsletter, message_id, reader
from bench.sink import Sink, sink
from publisher.delivery.outcome import Message

TARGET = 0.2
_SMALL = 1_000  # fewer messages than that say nothing about the figure
_SENDER = "news@our-town.org"


def ours(messages: Sequence[Message], port: int) -> None:
    """Send with the program's own client, over eight connections in one process."""
    import uvloop

    from publisher.delivery.transports.smtp import SmtpTransport
    from publisher.settings.model import Smtp

    async def lane(transport: SmtpTransport, mine: Sequence[Message]) -> None:
        connection = transport.connect()
        for message in mine:
            outcome = await connection.send(message)
            if outcome.kind != "accepted":
                raise SystemExit(f"the sink did not take a message: {outcome.text}")
        await connection.close()

    async def send() -> None:
        transport = SmtpTransport(Smtp(port=port))
        lanes = transport.lanes
        await asyncio.gather(*(lane(transport, messages[at::lanes]) for at in range(lanes)))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(send())


def theirs(messages: Sequence[Message], port: int) -> None:
    """Send with the standard library's client, over one connection."""
    with smtplib.SMTP("127.0.0.1", port) as server:
        for message in messages:
            server.sendmail(message.sender, [message.recipient], message.data)


CLIENTS: dict[str, Callable[[Sequence[Message], int], None]] = {"ours": ours, "smtplib": theirs}


def main() -> int:
    """Measure in turn, print, and return 1 when the figure is missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--messages", type=int, default=5_000)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        return _step(*options.step)
    with sink() as server:
        taken = [
            tuple(_microseconds(name, server, options.messages) for name in CLIENTS)
            for _ in range(options.runs)
        ]
    mine, other = (statistics.median(side) for side in zip(*taken, strict=True))
    print(
        f"SMTP client {mine:.0f} µs of processor time a message, smtplib {other:.0f}: "
        f"{mine / other:.2f}   (to reach: {TARGET})"
    )
    return 1 if mine / other > TARGET and options.messages >= _SMALL else 0


def _microseconds(name: str, server: Sink, count: int) -> float:
    command = [sys.executable, "-m", "bench.smtp_client", "--step", name, str(server.port)]
    done = subprocess.run([*command, str(count)], check=False, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"{name} ended with {done.returncode}")
    return float(json.loads(done.stdout)) / count * 1e6


def _step(name: str, port: str, count: str) -> int:
    """Send with one client here and print the seconds of processor time it took."""
    # One text for all: 5,000 would be 300 MB. It is made as the program makes it, without a line
    # that begins with a dot; smtplib looks for such lines in every message, which is a part of it.
    (data,) = compose(body_of(Newsletter()), [(message_id(0), reader(0))])
    messages = [
        Message(message_id(number), _SENDER, reader(number)["address"], data, has_dots=False)
        for number in range(int(count))
    ]
    warm_up = messages[:1]
    CLIENTS[name](warm_up, int(port))  # imports and first looks at things are no part of it
    before = _own_seconds()
    CLIENTS[name](messages, int(port))
    print(json.dumps(_own_seconds() - before))
    return 0


def _own_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    sys.exit(main())

"""The service, the raw loop and every peer with the same no-op processes, two at a time, in the same rounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from statistics import median

from benchmarks.loop import loop_seconds
from benchmarks.peers.environments import PEERS, Peer
from benchmarks.peers.run import LIMIT_SECONDS, PeerFailed, run
from benchmarks.service import running_service
from benchmarks.service_rate import service_seconds, start_pool

LOOP = "raw loop"
SERVICE = "service"
ROUNDS = {1_000: 3, 10_000: 1}
QUICK_ROUNDS = {100: 1}


@dataclass(kw_only=True, slots=True)
class Racer:
    """What is known of one of them after some rounds.

    Attributes:
        rates: tasks a second of each round it ran in.
        ratios: the same against the raw loop's of the round.
        remark: its version and what is special.
        failure: why it did not run to the end; None if it always did.
    """

    rates: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    remark: str = ""
    failure: str | None = None

    def line(self, name: str) -> str:
        """Return what is printed of it."""
        if self.failure is not None or not self.rates:
            return f"  {name:<12} no figure: {self.failure}"
        rounds = f"{len(self.rates)} round{'s' if len(self.rates) > 1 else ''}"
        return f"  {name:<12} {median(self.rates):7.0f}/s  ratio {median(self.ratios):5.3f}  {rounds}{self.remark}"


def measure(quick: bool) -> Iterator[str]:
    """Yield a line for each of them, the fastest first, for each number of tasks."""
    expected: dict[str, float] = {}
    for tasks, rounds in (QUICK_ROUNDS if quick else ROUNDS).items():
        racers = {name: Racer() for name in (LOOP, SERVICE, *PEERS)}
        for number in range(rounds):
            _run_round(racers, tasks, number, expected)
        expected = {name: racer.rates[0] for name, racer in racers.items() if racer.rates}
        yield f"{tasks} tasks:"
        order = sorted(racers, key=lambda name: -median(racers[name].rates or [0]))
        yield from (racers[name].line(name) for name in order)
    yield ""
    yield headline(tasks, racers)


def _run_round(racers: dict[str, Racer], tasks: int, number: int, expected: dict[str, float]) -> None:
    loop = tasks / loop_seconds(tasks)
    with running_service() as service:
        start_pool(service)
        own = tasks / service_seconds(service, "race", tasks, "plain JSON")
    for name, rate in ((LOOP, loop), (SERVICE, own)):
        racers[name].rates.append(rate)
        racers[name].ratios.append(rate / loop)
    for name, peer in PEERS.items():
        racer = racers[name]
        if racer.failure is None and not (peer.is_slow and number):
            _run_peer(racer, peer, tasks, loop, expected.get(name))


def _run_peer(racer: Racer, peer: Peer, tasks: int, loop: float, expected: float | None) -> None:
    count = tasks // peer.share
    if expected is not None and count / expected > LIMIT_SECONDS:
        seconds = f"{count / expected:.0f} s"
        racer.failure = f"at its rate for fewer tasks it would take {seconds}; the limit is {LIMIT_SECONDS} s"
        return
    try:
        result = run(peer, count)
    except PeerFailed as error:
        racer.failure = str(error)
        return
    racer.rates.append(result.rate)
    racer.ratios.append(result.rate / loop)
    racer.remark = f", {result.version}" + (f", {count} tasks only" if count < tasks else "")


def headline(tasks: int, racers: Mapping[str, Racer]) -> str:
    """Return the outcome in one sentence, which the README repeats."""
    service = racers[SERVICE]
    start = f"{tasks:,} processes that do nothing, 2 at a time: {median(service.rates):,.0f} tasks a second"
    loop = f"{median(service.ratios):.2f} of a bare loop of Python's `subprocess`"
    rates = {name: median(racer.rates) for name, racer in racers.items() if name in PEERS and racer.rates}
    if not rates:
        return f"{start}, {loop}."
    best = max(rates, key=lambda name: rates[name])
    ratio = median(service.rates) / rates[best]
    tools = len({PEERS[name].package or name for name in rates})
    peer = f"{ratio:.2f} times {best.replace('-', ' with ')}"
    return f"{start}, {loop} and {peer}, the fastest of {tools} other tools in the same run."

"""What the rest of the service asks: does this event meet a fault? It counts, logs, and takes new plans and orders."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from dispatcher.service.clock import Clock
from dispatcher.service.faults.catalogue import Fault, Subject
from dispatcher.service.faults.log import Entry, FaultLog, Origin
from dispatcher.service.faults.plan import Event, Plan, Replay, Rule
from dispatcher.service.faults.text import plan_text, rule_text
from dispatcher.service.wire import JsonObject

logger = logging.getLogger(__name__)

_KEPT = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class NodeCommand:
    """An order of the admin endpoint to do something to a node now."""

    rule: Rule
    """The fault, one whose subject is a run, with its parameters."""
    account: str
    pool_id: str
    node_id: str


class CommandRefused(Exception):  # noqa: N818 - it says what happened
    """A command cannot be carried out; the message says why and what to do. Nothing was changed."""


NodeCommander = Callable[[NodeCommand], Callable[[], None]]
"""Checks a command and returns what carries it out, which is called once the log has it. Raises CommandRefused."""


@dataclass(slots=True)
class Order:
    """Faults that the next events are to meet."""

    rule: Rule
    left: int


class Faults:
    """The faults of a service; whoever has none of these puts none in. One thread uses it."""

    def __init__(self, source: Plan | Replay, log: FaultLog, clock: Clock) -> None:
        """Take the plan that is in force first.

        Raises:
            OSError: the log cannot be written.
        """
        self._log = log
        self._clock = clock
        self._orders: list[Order] = []
        self._times: Counter[bytes] = Counter()
        self.put_in: Counter[Fault] = Counter()
        """How many of each fault, since the service started."""
        self.latest: deque[JsonObject] = deque(maxlen=_KEPT)
        """The last lines of the log, oldest first."""
        self.replace(source)

    @property
    def source(self) -> Plan | Replay:
        """What is in force."""
        return self._source

    @property
    def log_path(self) -> Path:
        """Where the log is."""
        return self._log.path

    @property
    def orders(self) -> Sequence[Order]:
        """Those that still wait for an event."""
        return tuple(self._orders)

    def replace(self, source: Plan | Replay) -> None:
        """Let another plan be in force, all limits counted anew; orders stay.

        Raises:
            OSError: the log cannot be written; then the one before stays in force.
        """
        self._log.note_plan(self._clock.now(), plan_text(source))
        self._source = source
        self._spent: Counter[int] = Counter()

    def order(self, rule: Rule, times: int) -> None:
        """Let the next events that a rule fits meet its fault, whatever the plan says."""
        self._orders.append(Order(rule=rule, left=times))

    def cancel_orders(self) -> None:
        """Forget the orders that still wait."""
        self._orders.clear()

    def awaits(self, subject: Subject) -> bool:
        """Say whether any event of a subject can meet a fault: if not, none has to be made."""
        return self._source.awaits(subject) or any(order.rule.fault.subject is subject for order in self._orders)

    def nth(self, what: str) -> int:
        """Count something that has no number of its own: return 1 the first time, 2 the second, and so on.

        The counts are those of this process; they begin anew when the service starts.
        """
        key = hashlib.blake2b(what.encode(errors="surrogatepass"), digest_size=8).digest()
        self._times[key] += 1
        return self._times[key]

    def strike(
        self,
        event: Event,
        *,
        takes: Callable[[Rule], bool] | None = None,
        one_of: frozenset[Fault] = frozenset(),
    ) -> tuple[Rule, ...]:
        """Return the faults to put into an event now, at most one of each kind: they count and are in the log.

        What cannot be logged is not put in.

        Args:
            event: the event.
            takes: leaves out what cannot be done to the event, before it counts.
            one_of: faults of which one at most is put in, the first by the order of the plan.
        """
        struck: dict[Fault, Rule] = {}
        for rule, origin, spend in self._candidates(event):
            if rule.fault in struck or (rule.fault in one_of and one_of & struck.keys()):
                continue
            if takes is not None and not takes(rule):
                continue
            if self._note(rule, event.identity, origin, event.request_id):
                spend()
                struck[rule.fault] = rule
        return tuple(struck.values())

    def command(self, command: NodeCommand, carry_out: Callable[[], None]) -> bool:
        """Log a command and carry it out; False if it cannot be logged, and then it is not carried out."""
        identity = f"{command.account}/{command.pool_id} node {command.node_id}"
        if not self._note(command.rule, identity, Origin.COMMAND, None):
            return False
        carry_out()
        return True

    def _candidates(self, event: Event) -> Iterator[tuple[Rule, Origin, Callable[[], None]]]:
        for order in tuple(self._orders):
            if order.rule.fits(event):
                yield order.rule, Origin.ORDER, partial(self._spend_order, order)
        origin = Origin.REPLAY if isinstance(self._source, Replay) else Origin.PLAN
        for place, rule in self._source.hits(event):
            if rule.most is None or self._spent[place] < rule.most:
                yield rule, origin, partial(self._spend, place)

    def _spend(self, place: int) -> None:
        self._spent[place] += 1

    def _spend_order(self, order: Order) -> None:
        order.left -= 1
        if not order.left:
            self._orders.remove(order)

    def _note(self, rule: Rule, identity: str, origin: Origin, request_id: str | None) -> bool:
        entry = Entry(
            at=self._clock.now(),
            rule=rule,
            rule_text=rule_text(rule),
            identity=identity,
            origin=origin,
            request_id=request_id,
        )
        try:
            line = self._log.write(entry)
        except OSError as error:
            logger.error("fault %s is not put in, since it cannot be logged: %s", rule.fault, error)
            return False
        logger.warning("fault %s put in by %s: %s", rule.fault, origin, identity)
        self.put_in[rule.fault] += 1
        self.latest.append(line)
        return True

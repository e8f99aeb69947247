"""What goes wrong in a run, by its seed. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass

JOB_MANAGER_KILLS = 2
"""At most, of one job: it has more tries than that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weather:
    """What a run meets.

    Attributes:
        seed: of everything.
        faults: the service's plan of faults, a text for ``--faults``.
        nodes: of the pool.
        slots: of each node.
    """

    seed: int
    faults: str
    nodes: int
    slots: int

    @property
    def job_id(self) -> str:
        """The same for the same seed, so that the same faults meet it."""
        return f"storm-{self.seed}"


def weather(seed: int) -> Weather:
    """A mixture of faults; about half of them blow in each run."""
    chance = random.Random(f"weather {seed}")
    tasks = f"job=storm-{seed}"
    delay = chance.choice(["0s", "300ms", "1s"])
    winds = [
        f"preempt=0.01:{delay} dedicated=yes lasting=1s {tasks} max=4",
        f"reboot=0.008:{delay} {tasks} max=3",
        f"lose-node=0.008:{delay} lasting=1s {tasks} max=3",
        f"kill-task=0.02:0s {tasks} max=6",
        f"fail-upload=0.01 {tasks} max=4",
        f"slow-upload=0.03:300ms {tasks}",
        f"fail-download=0.01 {tasks}",
        "throttle=0.05:1",
        "throttle=0.1:none",
        "busy=0.05",
        "drop-reply=0.1@writes",
        "drop-request=0.05@writes",
        "drop-reply=0.03@reads",
        "partial-add=0.1",
        "slow-reply=0.05:200ms",
        f"kill-task=0.7:{chance.choice(['500ms', '1s', '1500ms'])} {tasks} task=job-manager max={JOB_MANAGER_KILLS}",
        f"lose-node=0.5:{chance.choice(['500ms', '1s', '1500ms'])} lasting=1s {tasks} task=job-manager max=1",
        f"preempt=0.5:300ms dedicated=yes lasting=1s {tasks} task=finalize max=1",
    ]
    blowing = [wind for wind in winds if chance.random() < 0.5]
    return Weather(
        seed=seed,
        faults="; ".join([f"seed={seed}", *blowing]),
        nodes=chance.randint(2, 3),
        slots=chance.randint(2, 4),
    )

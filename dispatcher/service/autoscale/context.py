"""What a formula is worked out from, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dispatcher.service.autoscale.names import DeallocationOption
from dispatcher.service.autoscale.samples import Metrics, SampleHistory


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """A pool as a formula sees it.

    Attributes:
        now: what ``time()`` says, aware.
        target_dedicated: the pool's target, which a formula may read and keep.
        target_low_priority: the same for spot nodes.
        metrics: the figures of this moment: what a sampled variable means without a method
            (``$CurrentDedicatedNodes * 2``).
        history: the samples taken so far.
        sample_delay: how long after it was taken a sample can be seen; on Azure about a minute.
        seed: where ``rand()`` begins: equal contexts give equal results.
    """

    now: datetime
    target_dedicated: int = 0
    target_low_priority: int = 0
    metrics: Metrics = field(default_factory=Metrics)
    history: SampleHistory = field(default_factory=SampleHistory)
    sample_delay: timedelta = timedelta(0)
    seed: int = 0

    @property
    def newest(self) -> datetime:
        """The time of the newest sample that can be seen."""
        return self.now - self.sample_delay


@dataclass(frozen=True, slots=True, kw_only=True)
class RunError:
    """Why a run failed, as an ``AutoScaleRunError`` has it.

    Attributes:
        code: Batch's code.
        message: for people.
        values: pairs of name and value; ``Message`` says what and where.
    """

    code: str
    message: str
    values: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What a run of a formula came to. After an error the pool stays as it is: nothing is assigned.

    Attributes:
        target_dedicated: the nodes asked for, whole and not negative; None where the formula assigns none.
        target_low_priority: the same for spot nodes.
        deallocation_option: None where the formula assigns none; Batch takes ``requeue`` then.
        results: all variables as ``AutoScaleRun.results`` has them.
        error: None when the run succeeded.
    """

    target_dedicated: int | None = None
    target_low_priority: int | None = None
    deallocation_option: DeallocationOption | None = None
    results: str
    error: RunError | None = None

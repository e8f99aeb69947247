"""What clean chooses: nothing that does not match exactly, is another's, is in use or is too young."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batch_manager.cleaning.inventory import Inventory, own_container, uses
from batch_manager.cleaning.selection import Fate, Kind, Selector, Verdict, choose
from batch_manager.container_operations import ContainerSummary
from batch_manager.definitions import JobState
from batch_manager.job_operations import JobSummary
from batch_manager.ownership import read_ownership
from batch_manager.pool_operations import PoolSummary
from tests.support.things_to_clean import NOW, container, job, pool

IDS = ("a", "A", "ab", "b")
OWNERS = (None, "me", "bob")
DAYS = st.floats(0, 20)
TAGS = st.dictionaries(st.sampled_from(("x", "y")), st.sampled_from(("1", "11")))

JOBS = st.lists(
    st.builds(
        job,
        st.sampled_from(IDS),
        owner=st.sampled_from(OWNERS),
        state=st.sampled_from(JobState),
        days=DAYS,
        pool_id=st.sampled_from(("pool", "other", "POOL")),
        tags=TAGS,
    ),
    max_size=3,
    unique_by=lambda found: found.id.lower(),
)
CONTAINERS = st.lists(
    st.builds(
        container,
        st.sampled_from(IDS),
        owner=st.sampled_from(OWNERS),
        days=DAYS,
        name=st.sampled_from((None, "job-a", "job-x")),
        tags=TAGS,
    ),
    max_size=3,
    unique_by=lambda found: found.name,
)
POOLS = st.lists(
    st.builds(
        pool,
        st.sampled_from(("pool", "other")),
        owner=st.sampled_from(OWNERS),
        days=DAYS,
        job_id=st.sampled_from((None, *IDS)),
        tags=TAGS,
    ),
    max_size=2,
    unique_by=lambda found: found.id,
)
INVENTORIES = st.builds(
    lambda jobs, containers, pools: Inventory(jobs=tuple(jobs), containers=tuple(containers), pools=tuple(pools)),
    JOBS,
    CONTAINERS,
    POOLS,
)
SELECTORS = st.builds(
    Selector,
    me=st.just("me"),
    owner=st.sampled_from(OWNERS),
    job_ids=st.frozensets(st.sampled_from(IDS), max_size=2),
    tags=TAGS,
    older_than=st.none() | st.timedeltas(timedelta(), timedelta(days=20)),
    kinds=st.frozensets(st.sampled_from(Kind), min_size=1),
    active=st.booleans(),
)


def _goes(inventory: Inventory, **given: object) -> list[str]:
    verdicts = choose(inventory, Selector(me="me", **given), NOW)  # type: ignore[arg-type]
    return [verdict.name for verdict in verdicts if verdict.fate is Fate.GOES]


def _only(inventory: Inventory, **given: object) -> Verdict:
    (verdict,) = choose(inventory, Selector(me="me", **given), NOW)  # type: ignore[arg-type]
    return verdict


def _thing(inventory: Inventory, verdict: Verdict) -> JobSummary | ContainerSummary | PoolSummary:
    if verdict.kind is Kind.JOB:
        return next(found for found in inventory.jobs if found.id == verdict.name)
    if verdict.kind is Kind.CONTAINER:
        return next(found for found in inventory.containers if found.name == verdict.name)
    return next(found for found in inventory.pools if found.id == verdict.name)


@given(INVENTORIES, SELECTORS)
def test_whatever_goes_is_meant_exactly_owned_and_old_enough(inventory: Inventory, selector: Selector) -> None:
    """Of the owner that is meant, with every tag, of a job that was named, of a kind that was asked for."""
    for verdict in choose(inventory, selector, NOW):
        if verdict.fate is not Fate.GOES:
            continue
        found = read_ownership(_thing(inventory, verdict).metadata)
        assert found is not None
        assert found.owner == (selector.owner or "me")
        assert verdict.kind in selector.kinds
        assert all(found.tags.get(name) == value for name, value in selector.tags.items())
        if selector.job_ids:
            assert (verdict.name if verdict.kind is Kind.JOB else found.job_id) in selector.job_ids
        assert selector.older_than is None or verdict.since <= NOW - selector.older_than


@given(INVENTORIES, SELECTORS)
def test_whatever_goes_is_not_needed_by_what_stays(inventory: Inventory, selector: Selector) -> None:
    """A job goes active only where that was asked for, its container not without it, a pool not under a job."""
    goes = [verdict for verdict in choose(inventory, selector, NOW) if verdict.fate is Fate.GOES]
    going = {verdict.name for verdict in goes if verdict.kind is Kind.JOB}
    staying = [found for found in inventory.jobs if found.id not in going]
    for verdict in goes:
        thing = _thing(inventory, verdict)
        if isinstance(thing, JobSummary):
            assert thing.state is JobState.COMPLETED or (selector.active and verdict.cancel_first)
        elif isinstance(thing, ContainerSummary):
            of = [found for found in staying if own_container(found.id) == thing.name]
            assert all(found.state in (JobState.COMPLETED, JobState.DELETING) for found in of)
        else:
            assert not any(uses(found, thing) for found in staying)


def test_job_that_is_named_goes_with_its_container_and_no_other() -> None:
    """An id is no prefix."""
    inventory = Inventory(jobs=(job("a"), job("a-2")), containers=(container("a"), container("a-2")), pools=(pool(),))
    assert _goes(inventory, job_ids=frozenset({"a"})) == ["a", "job-a"]


def test_container_of_a_job_that_is_gone_goes_by_its_jobs_id() -> None:
    """So a clean that was killed after the job goes on."""
    assert _goes(Inventory(containers=(container("a"),)), job_ids=frozenset({"a"})) == ["job-a"]


def test_foreign_job_that_is_named_is_refused_with_its_owner() -> None:
    """And with what would let it go."""
    verdict = _only(Inventory(jobs=(job(owner="bob"),)), job_ids=frozenset({"a"}))
    assert verdict.fate is Fate.REFUSED
    assert "belongs to bob: give --owner bob" in verdict.reason


def test_foreign_thing_with_the_tag_stays_and_says_whose_it_is() -> None:
    """It is shown, so that nobody wonders."""
    verdict = _only(Inventory(jobs=(job(owner="bob", tags={"x": "1"}),)), tags={"x": "1"})
    assert (verdict.fate, verdict.reason) == (Fate.STAYS, "it belongs to bob")


def test_job_of_nobody_is_not_chosen_but_refused_by_name() -> None:
    """What another tool made is not ours to delete."""
    inventory = Inventory(jobs=(job(owner=None),))
    assert choose(inventory, Selector(me="me"), NOW) == ()
    assert _only(inventory, job_ids=frozenset({"a"})).fate is Fate.REFUSED


@pytest.mark.parametrize(("named", "fate"), [(True, Fate.REFUSED), (False, Fate.STAYS)])
def test_active_job_stays_unless_active_ones_are_asked_for(named: bool, fate: Fate) -> None:
    """Then it is cancelled first."""
    inventory = Inventory(jobs=(job(state=JobState.ACTIVE),))
    ids = frozenset({"a"} if named else set())
    assert _only(inventory, job_ids=ids).fate is fate
    asked = _only(inventory, job_ids=ids, active=True)
    assert (asked.fate, asked.cancel_first) == (Fate.GOES, True)


def test_age_of_a_job_counts_from_its_end() -> None:
    """A job that ran for a week and ended an hour ago is an hour old."""
    inventory = Inventory(jobs=(job("old", days=7), job("new", days=6.9)), containers=(container("new", days=30),))
    assert _goes(inventory, older_than=timedelta(days=7)) == ["old"]


def test_container_stays_while_its_job_does() -> None:
    """Unless containers alone were asked for, and the job has ended."""
    inventory = Inventory(jobs=(job(tags={"keep": "1"}),), containers=(container(tags={"x": "1"}),))
    assert _goes(inventory, tags={"x": "1"}) == []
    assert _goes(inventory, tags={"x": "1"}, kinds=frozenset({Kind.CONTAINER})) == ["job-a"]


def test_container_of_an_id_that_is_anothers_job_now_stays() -> None:
    """The id was used again."""
    inventory = Inventory(jobs=(job(owner="bob"),), containers=(container(),))
    assert _goes(inventory) == []


def test_pool_that_anothers_job_uses_stays() -> None:
    """With the job's id and owner; ids of pools are the same in any case."""
    inventory = Inventory(jobs=(job(owner="bob", state=JobState.ACTIVE, pool_id="POOL"),), pools=(pool(),))
    assert _only(inventory).reason == "it is used by job a of bob"


def test_pool_that_only_deleted_jobs_use_goes() -> None:
    """Its last job goes before it."""
    inventory = Inventory(jobs=(job(state=JobState.ACTIVE),), pools=(pool(),))
    assert _goes(inventory, active=True) == ["a", "pool"]

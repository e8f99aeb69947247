"""The starter: one job for each request, whatever fails and whenever it is killed."""

import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture

from batch_manager.callback import read_callback
from batch_manager.definitions import JobState
from batch_manager.errors import InputError, ServiceError
from batch_manager.naming import CALLBACK_BLOB
from starter.records import StartState
from starter.starting import ANSWER_SECONDS, RefusedError
from tests.support.event_receiver import EventReceiver
from tests.support.json_schema import find_faults
from tests.unit.data_factory.world import JOB, SECRET, KilledError, World, busy

CALLBACK_SCHEMA = json.loads((Path(__file__).parents[3] / "docs" / "callback.schema.json").read_text())


@pytest.fixture
def factory() -> Iterator[EventReceiver]:
    """Where callbacks arrive."""
    with EventReceiver(status=200) as receiver:
        yield receiver


@pytest.fixture
def world(factory: EventReceiver) -> World:
    return World(f"{factory.url}?callbackUrl={SECRET}")


def test_request_becomes_a_job_that_is_seen_to_its_end(world: World, factory: EventReceiver) -> None:
    """Its callback lies where FinalizeTask finds it; here supervision makes it, as nothing ran."""
    starter = world.starter()
    starter.resume()
    record = starter.accept(world.body())
    assert (record.job_id, record.state) == (JOB, StartState.PENDING)
    world.run_threads()
    target = read_callback(world.account.storage.read(f"job-{JOB}", CALLBACK_BLOB))
    assert target is not None
    assert target.url == world.callback_url
    assert (world.record()["state"], world.job_state()) == ("ended", JobState.COMPLETED)
    assert [body["Output"]["jobId"] for body in factory.events] == [JOB]


def test_same_request_again_changes_nothing(world: World, factory: EventReceiver) -> None:
    """At once, later, and for another starter."""
    starter = world.starter()
    starter.resume()
    for _ in range(2):
        starter.accept(world.body())
    assert len(world.threads) == 1
    world.run_threads()
    for again in (starter, world.starter()):
        assert again.accept(world.body()).state is StartState.ENDED
        assert world.threads == []
    assert len(factory.events) == 1


@pytest.mark.parametrize(
    "change", [{"callBackUri": "http://127.0.0.1:9/x"}, {"parameters": {"parts": 3}}, {"poolId": "pool"}]
)
def test_other_request_with_the_same_run_id_is_refused(world: World, change: dict[str, Any]) -> None:
    """Its callback would never be made; Data Factory is told so at once."""
    starter = world.starter()
    starter.resume()
    starter.accept(world.body())
    with pytest.raises(RefusedError, match="asked for before") as caught:
        starter.accept(world.body(**change))
    assert caught.value.status == 409
    assert SECRET not in str(caught.value)


def test_request_for_the_id_of_somebody_elses_job_is_refused(world: World) -> None:
    """Whose callback stays as it is."""
    other = world.starter()
    other.resume()
    other.accept(world.body())
    world.run_threads()
    del world.account.storage._containers["batch-manager-starter"]  # type: ignore[attr-defined]
    starter = world.starter()
    starter.resume()
    with pytest.raises(RefusedError, match="did not start"):
        starter.accept(world.body(callBackUri=world.callback_url + "2"))


def test_wrong_parameter_is_found_before_the_answer(world: World, mocker: MockerFixture) -> None:
    """While Data Factory still listens."""
    starter = world.starter()
    starter.resume()
    mocker.patch("tests.support.sample.SampleWorkload.local_inputs", side_effect=InputError("parts is -1"))
    with pytest.raises(InputError, match="parts is -1"):
        starter.accept(world.body())


@pytest.mark.parametrize("error", [InputError("no such file"), TypeError("a mistake in the workload")])
def test_submission_that_fails_is_told(
    world: World, factory: EventReceiver, mocker: MockerFixture, error: Exception
) -> None:
    """In the form of FinalizeTask's callback, with the reason."""
    starter = world.starter()
    starter.resume()
    starter.accept(world.body())
    mocker.patch("tests.support.sample.SampleWorkload.local_inputs", side_effect=error)
    world.run_threads()
    (body,) = factory.events
    assert find_faults(body, CALLBACK_SCHEMA) == []
    assert int(body["StatusCode"]) >= 400
    assert str(error) in body["Error"]["Message"]
    assert body["Output"]["standstill"]["code"] == "submission_failed"
    assert world.record()["state"] == "ended"
    assert world.record()["callBackUri"] is None


def test_starter_that_no_longer_has_the_workload_tells_it(world: World, factory: EventReceiver) -> None:
    """It was started anew with other options."""
    starter = world.starter()
    starter.resume()
    starter.accept(world.body())
    world.starter()._options.workloads.clear()  # type: ignore[attr-defined]
    later = world.starter()
    later._options.workloads.clear()  # type: ignore[attr-defined]
    later.resume()
    world.run_threads()
    assert "no longer starts the workload 'sample'" in factory.events[0]["Error"]["Message"]


def test_busy_service_is_waited_for_up_to_a_limit(world: World, factory: EventReceiver, mocker: MockerFixture) -> None:
    """Then it is told; time passes by itself here."""
    starter = world.starter(start_within=timedelta(minutes=20))
    starter.resume()
    starter.accept(world.body())
    world.on_sleep = lambda: None
    mocker.patch.object(world.account, "create_job", side_effect=busy())
    began = world.now
    world.run_threads()
    assert timedelta(minutes=20) < world.now - began < timedelta(minutes=22)
    assert "could not be submitted" in factory.events[0]["Error"]["Message"]


def test_start_that_waited_too_long_for_a_starter_is_not_begun(world: World, factory: EventReceiver) -> None:
    """Nobody waits for its job any more, perhaps; whoever does is told."""
    world.starter().resume()
    world.starter().accept(world.body())
    world.now += timedelta(hours=3)
    world.starter().resume()
    world.run_threads()
    assert "in time" in factory.events[0]["Error"]["Message"]
    assert world.record()["state"] == "ended"


def test_request_that_was_answered_too_late_is_not_started(world: World, mocker: MockerFixture) -> None:
    """Data Factory has taken it for failed; the same request may come again."""
    starter = world.starter()
    starter.resume()
    upload = world.account.storage.upload

    def slow(*given: Any) -> None:
        world.seconds += ANSWER_SECONDS
        upload(*given)

    mocker.patch.object(world.account.storage, "upload", slow)
    with pytest.raises(RefusedError, match="too slow"):
        starter.accept(world.body())
    assert (world.record()["state"], world.threads) == ("refused", [])
    mocker.stopall()
    assert starter.accept(world.body()).state is StartState.PENDING


def _one_life(world: World, act: Callable[[Any], None]) -> None:
    """A starter's life: begins, does something, and does its work until it is killed."""
    with suppress(KilledError, ServiceError):
        starter = world.starter()
        starter.resume()
        act(starter)
        world.run_threads()


@pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, 55))
def test_starter_that_is_killed_anywhere_goes_on_where_it_was(
    world: World, factory: EventReceiver, at: int, after_effect: bool
) -> None:
    """Killed at a request, before or after it took effect; the next one needs no request to come again."""
    world.faults.arm(at, after_effect=after_effect)
    accepted = []
    _one_life(world, lambda starter: accepted.append(starter.accept(world.body())))
    world.faults.arm(0, after_effect=False)
    _one_life(world, lambda starter: None)
    if not accepted:  # Data Factory was told at once, by the connection that broke; it may ask again
        _one_life(world, lambda starter: starter.accept(world.body()))
    assert (world.record()["state"], world.job_state()) == ("ended", JobState.COMPLETED)
    assert len(set(factory.keys)) == 1
    assert {body["Output"]["standstill"]["code"] for body in factory.events} == {"job_terminated"}


@pytest.mark.parametrize("after_effect", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("at", range(1, 55))
def test_request_that_fails_anywhere_is_made_again(
    world: World, factory: EventReceiver, at: int, after_effect: bool
) -> None:
    """A reply that is lost, a service that is busy: the starter lives on, the job is made once and seen through."""
    world.faults.arm(at, after_effect=after_effect, raises=busy)
    for _ in range(3):  # a request that was answered with an error comes again
        _one_life(world, lambda starter: starter.accept(world.body()))
    assert (world.record()["state"], world.job_state()) == ("ended", JobState.COMPLETED)
    assert len(set(factory.keys)) == 1  # told once; a second time only where the marker of the first was lost
    assert factory.events[0]["Output"]["standstill"]["code"] == "job_terminated"

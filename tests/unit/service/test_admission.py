"""What jobs and tasks are refused for because of what the account holds, and how old they may become."""

from __future__ import annotations

from datetime import timedelta

import pytest

from dispatcher.service.errors import BatchError
from dispatcher.service.options import QuotaOptions, ServiceOptions
from dispatcher.service.store.applications import ApplicationStore
from dispatcher.service.testing import Bench
from dispatcher.service.wire import JsonObject

REFERENCE: JsonObject = {"applicationId": "tool", "version": "1.0"}


def add_package(bench: Bench) -> None:
    """Add an active version 1.0 of an application, which is not its default version."""
    store: ApplicationStore = bench.service.core.store.applications
    store.put("tool", "{}", allows_updates=True, default_version=None, now=bench.clock.now())
    store.add_package("tool", "1.0", container="app-tool", blob="tool-1.0", now=bench.clock.now())
    package = store.find_package("tool", "1.0")
    assert package is not None
    store.activate_package(package, bench.clock.now())


def test_job_beyond_the_quota_is_refused_until_one_is_completed() -> None:
    """Jobs and schedules count until they are completed, a disabled job too."""
    bench = Bench(options=ServiceOptions(quotas=QuotaOptions(active_jobs_and_schedules=1)))
    bench.add_job()
    bench.call("begin_disable_job", {"disableTasks": "wait"}, jobId="job")
    with pytest.raises(BatchError, match="ActiveJobAndScheduleQuotaReached"):
        bench.add_job("other")
    bench.call("begin_terminate_job", jobId="job")
    bench.settle()
    bench.add_job("other")
    assert bench.job("other")["state"] == "active"


def test_task_is_launched_with_its_packages(bench: Bench) -> None:
    """The node is told where the package lies in the linked storage account."""
    add_package(bench)
    bench.add_task("a", applicationPackageReferences=[REFERENCE])
    (package,) = bench.nodes.launch_of("a").packages
    assert (package.application_id, package.version, package.is_default) == ("tool", "1.0", False)
    assert package.url.endswith("app-tool/tool-1.0")


def test_job_manager_is_launched_with_its_packages(bench: Bench) -> None:
    """A job manager may refer to packages as a task may."""
    add_package(bench)
    manager: JsonObject = {"id": "m", "commandLine": "true", "applicationPackageReferences": [REFERENCE]}
    bench.add_job("managed", jobManagerTask=manager)
    assert len(bench.nodes.launch_of("m").packages) == 1


@pytest.mark.parametrize("version", ["2.0", None])
def test_task_with_a_missing_package_is_refused(bench: Bench, version: str | None) -> None:
    """The version is not there; without one, the application is not."""
    if version is not None:
        add_package(bench)
    with pytest.raises(BatchError, match="InvalidApplicationPackageReferences"):
        bench.add_task("a", applicationPackageReferences=[{"applicationId": "tool", "version": version}])


def test_task_may_run_as_a_user_of_its_pool() -> None:
    """The user is recorded; one that the pool does not have is refused."""
    bench = Bench()
    bench.add_pool(userAccounts=[{"name": "ada", "password": "secret"}])
    bench.add_job()
    bench.add_task("a", userIdentity={"username": "ada"})
    assert bench.task("a")["userIdentity"] == {"username": "ada"}
    with pytest.raises(BatchError) as caught:
        bench.add_task("b", userIdentity={"username": "eve"})
    assert ("PropertyName", "userIdentity.username") in caught.value.values


def test_preparation_task_of_an_unknown_user_is_refused(bench: Bench) -> None:
    """A job's own tasks are looked at too."""
    with pytest.raises(BatchError, match="InvalidPropertyValue"):
        bench.add_job("other", jobPreparationTask={"commandLine": "true", "userIdentity": {"username": "eve"}})


def test_files_of_the_linked_account_are_brought_with_its_key(bench: Bench) -> None:
    """A container of the linked account is named without a URL."""
    bench.add_task("a", resourceFiles=[{"autoStorageContainerName": "inputs", "blobPrefix": "x/"}])
    (file,) = bench.nodes.launch_of("a").resource_files
    assert file.container_url is not None
    assert file.container_url.endswith("/inputs")
    assert (file.blob_prefix, file.uses_identity) == ("x/", True)


def test_active_task_older_than_180_days_does_not_start(bench: Bench) -> None:
    """Tasks live 180 days; an active one stays active."""
    bench.call("begin_disable_job", {"disableTasks": "requeue"}, jobId="job")
    bench.add_task("a")
    bench.clock.advance(timedelta(days=180))
    bench.add_job("young")
    bench.add_task("b", "young")
    bench.call("begin_enable_job", jobId="job")
    bench.settle()
    assert (bench.state("a"), bench.running()) == ("active", ["b"])


def test_task_runs_no_longer_than_180_days(bench: Bench) -> None:
    """The time since it was added counts, not the attempt's."""
    bench.clock.advance(timedelta(days=1))
    bench.add_task("busy")
    bench.add_task("a")
    bench.clock.advance(timedelta(days=100))
    bench.finish("busy")
    assert bench.nodes.launch_of("a").wall_clock_limit == timedelta(days=80).total_seconds()

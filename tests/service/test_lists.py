"""Lists: filters, selections, expansions and pages, through the official client."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from azure.batch import BatchClient, models
from azure.core.credentials import AzureNamedKeyCredential
from azure.core.exceptions import HttpResponseError

from tests.service.support import Running, code_of, present

Run = Callable[..., models.BatchTask]
MANY = 400


@pytest.fixture
def tasks(client: BatchClient, job: str) -> str:
    """Return a job whose tasks t0 to t4 wait for one that never comes."""
    waits = models.BatchTaskDependencies(task_ids=["never"])
    client.create_tasks(
        job,
        [models.BatchTaskCreateOptions(id=f"t{index}", command_line="true", depends_on=waits) for index in range(5)],
    )
    return job


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("state eq 'active' and startswith(id, 't')", 5),
        ("id eq 't1' or id eq 'T2'", 2),
        ("id gt 't1' and id le 't3'", 2),
        ("not (id eq 't1')", 4),
        ("creationTime lt DateTime'2020-01-01T00:00:00Z'", 0),
        ("creationTime gt DateTime'2020-01-01T00:00:00Z' and lastModifiedTime gt DateTime'2020-01-01T00:00:00Z'", 5),
        ("executionInfo/exitCode eq 0 or executionInfo/result eq 'success'", 0),
    ],
)
def test_tasks_are_filtered(client: BatchClient, tasks: str, text: str, found: int) -> None:
    """Every documented property can be compared, and comparisons joined."""
    assert len(list(client.list_tasks(tasks, filter=text))) == found


def test_filter_may_be_long(client: BatchClient, tasks: str) -> None:
    """Hundreds of ids fit in one filter, and its pages go on with it."""
    text = " or ".join(f"id eq 't{index}'" for index in range(MANY))
    assert len(list(client.list_tasks(tasks, filter=text, max_results=2))) == 5


@pytest.mark.parametrize("text", ["displayName eq 'a'", "state eq 5", "state", "id like 'a'", "(" * 60])
def test_filter_that_azure_does_not_know_is_refused(client: BatchClient, text: str) -> None:
    """The refusal names the parameter."""
    with pytest.raises(HttpResponseError) as caught:
        list(client.list_jobs(filter=text))
    assert (caught.value.status_code, code_of(caught.value)) == (400, "InvalidQueryParameterValue")


def test_selection_may_hold_blanks_and_unknown_names(client: BatchClient) -> None:
    """As Azure takes it; what is not selected is absent."""
    pool = client.get_pool("pool", select=["id", " allocationState", "nothingOfTheKind"])
    assert (pool.id, pool.allocation_state is None, pool.vm_size is None) == ("pool", False, True)


def test_pages_follow_absolute_links(client: BatchClient, tasks: str) -> None:
    """A link holds the query it goes on with, and a token that survives a client that reads + as a blank."""
    links: list[str] = []

    def watch(response: Any) -> None:
        links.append(response.http_response.json().get("odata.nextLink", ""))

    listed = list(client.list_tasks(tasks, max_results=2, select=["id"], raw_response_hook=watch))
    assert sorted(present(task.id) for task in listed) == [f"t{index}" for index in range(5)]
    assert [bool(link) for link in links] == [True, True, False]
    query = parse_qs(urlsplit(links[0]).query)
    assert (query["maxresults"], query["$select"]) == (["2"], ["id"])
    assert "+" not in links[0]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_links_lead_back_to_the_host_that_was_asked(service: Running, host: str) -> None:
    """The host is the one the client knows, whatever the service is bound to."""
    endpoint = service.endpoint.replace("127.0.0.1", host)
    links: list[str] = []

    def watch(response: Any) -> None:
        links.append(response.http_response.json().get("odata.nextLink", ""))

    with BatchClient(endpoint, AzureNamedKeyCredential(service.account, service.key)) as client:
        images = list(client.list_supported_images(max_results=20, raw_response_hook=watch))
    assert links[0].startswith(f"{endpoint}/supportedimages?")
    assert len(images) > 20


def test_images_can_be_chosen_from(client: BatchClient) -> None:
    """Clients look for an image with its node agent."""
    text = "osType eq 'linux' and verificationType eq 'verified'"
    images = list(client.list_supported_images(filter=text))
    assert {image.os_type for image in images} == {models.OSType.LINUX}
    assert {present(image.node_agent_sku_id).split()[0] for image in images} >= {"batch.node.ubuntu", "batch.node.el"}


def test_statistics_of_a_task_are_what_it_used(client: BatchClient, job: str, run: Run) -> None:
    """Processor time comes from the kernel, and its job has the same."""
    run("i=0; while [ $i -lt 300000 ]; do i=$((i+1)); done; sleep 0.1")
    assert client.get_task(job, "task").task_statistics is None
    task = present(client.get_task(job, "task", expand=["stats"]).task_statistics)
    whole = present(client.get_job(job, expand=["stats"]).job_statistics)
    # It sleeps, so that the two differ by more than the clocks that they are measured by.
    assert timedelta() < task.user_cpu_time < task.wall_clock_time
    assert (whole.user_cpu_time, whole.succeeded_tasks_count) == (task.user_cpu_time, 1)


def test_statistics_of_lists_and_pools_can_be_read(client: BatchClient, job: str, run: Run) -> None:
    """Every list that expands statistics has them in the client's types."""
    run("true")
    (task,) = client.list_tasks(job, expand=["stats"])
    pools = [pool for pool in client.list_pools(expand=["stats"]) if pool.id == "pool"]
    jobs = list(client.list_jobs(expand=["stats"], filter=f"id eq '{job}'"))
    assert present(task.task_statistics).wait_time >= timedelta()
    assert present(present(pools[0].pool_statistics).usage_statistics).dedicated_core_time > timedelta()
    assert present(jobs[0].job_statistics).failed_tasks_count == 0


def test_usage_metrics_can_be_listed(client: BatchClient) -> None:
    """A young service has none, or one interval of the pool."""
    metrics = list(client.list_pool_usage_metrics(filter="poolId eq 'pool'"))
    assert {item.pool_id for item in metrics} <= {"pool"}


def test_nothing_but_statistics_can_be_expanded(client: BatchClient, job: str) -> None:
    """Another name is refused, not ignored."""
    with pytest.raises(HttpResponseError, match="expand"):
        client.get_job(job, expand=["tasks"])


def test_files_are_filtered_by_the_beginning_of_their_names(client: BatchClient, job: str, run: Run) -> None:
    """Below a folder, of a task or of a node."""
    run("mkdir -p out && touch out/a out/b other")
    listed = client.list_task_files(job, "task", filter="startswith(name, 'wd/out/')", recursive=True)
    assert sorted(present(item.name) for item in listed) == ["wd/out/a", "wd/out/b"]

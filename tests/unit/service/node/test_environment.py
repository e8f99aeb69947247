"""What a task's process is told."""

import pytest

from dispatcher.service.node.environment import NodeIdentity, node_environment, task_environment
from dispatcher.service.node.launch import START_TASK, TaskKey, TaskLaunch

NODE = node_environment(
    NodeIdentity(account_name="acc", account_url="http://b", pool_id="pool", node_id="n1", is_dedicated=False), "/root"
)


TASK = TaskKey(job_id="job", task_id="task")


def _environment(key: TaskKey = TASK, **settings: str) -> dict[str, str]:
    launch = TaskLaunch(
        key=key, pool_id="pool", node_id="n1", run_number=1, command_line="true", environment=settings,
        service_environment={"AZ_BATCH_HOST_LIST": "127.0.0.2"},
    )  # fmt: skip
    return task_environment(NODE, launch, "/root/t")


def test_environment_names_node_job_task_and_folders() -> None:
    """With Azure's names, and nothing beside them but a path, a home and a language."""
    assert _environment() == {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": "/root/t/wd",
        "LANG": "C.UTF-8",
        "AZ_BATCH_ACCOUNT_NAME": "acc",
        "AZ_BATCH_ACCOUNT_URL": "http://b",
        "AZ_BATCH_POOL_ID": "pool",
        "AZ_BATCH_NODE_ID": "n1",
        "AZ_BATCH_NODE_IS_DEDICATED": "false",
        "AZ_BATCH_NODE_ROOT_DIR": "/root",
        "AZ_BATCH_NODE_SHARED_DIR": "/root/shared",
        "AZ_BATCH_NODE_STARTUP_DIR": "/root/startup",
        "AZ_BATCH_NODE_MOUNTS_DIR": "/root/fsmounts",
        "AZ_BATCH_HOST_LIST": "127.0.0.2",
        "AZ_BATCH_JOB_ID": "job",
        "AZ_BATCH_TASK_ID": "task",
        "AZ_BATCH_TASK_DIR": "/root/t",
        "AZ_BATCH_TASK_WORKING_DIR": "/root/t/wd",
    }


def test_start_task_is_told_of_no_job() -> None:
    """It belongs to none."""
    assert not {"AZ_BATCH_JOB_ID", "AZ_BATCH_TASK_ID"} & set(_environment(START_TASK))


def test_variable_of_the_machine_reaches_tasks_that_do_not_set_it() -> None:
    """As one of the image that the pool's machines are made of; no task can be told another node by it."""
    launch = TaskLaunch(
        key=TASK, pool_id="pool", node_id="n1", run_number=1, command_line="true", environment={"B": "task's"}
    )
    image = {"A": "image's", "B": "image's", "AZ_BATCH_NODE_ID": "image's"}
    environment = task_environment(NODE, launch, "/root/t", image)
    assert [environment[name] for name in ("A", "B", "AZ_BATCH_NODE_ID")] == ["image's", "task's", "n1"]


@pytest.mark.parametrize("name", ["PATH", "HOME", "LANG", "MINE", "AZ_BATCH_SOMETHING_ELSE"])
def test_setting_of_the_user_counts(name: str) -> None:
    """Also over the defaults."""
    assert _environment(TASK, **{name: "theirs"})[name] == "theirs"


@pytest.mark.parametrize("name", sorted(name for name in _environment() if name.startswith("AZ_BATCH_")))
def test_setting_of_the_user_does_not_replace_what_batch_tells(name: str) -> None:
    """A task told another id or folder could not work."""
    assert _environment(TASK, **{name: "theirs"})[name] != "theirs"

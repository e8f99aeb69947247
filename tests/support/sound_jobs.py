"""Jobs without problems, of every kind of task that there is."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st

from batch_manager import (
    AutoUserScope,
    DependencyRule,
    ElevationLevel,
    InputFileSpecification,
    OutputFileSpecification,
    TaskConstraints,
    TaskSpecification,
    UploadCondition,
    UserIdentity,
)
from batch_manager.specification import ContainerSettings, MultiInstanceSettings, RetryPolicy
from tests.support.planted import a_task

_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40)
_NAME = st.from_regex(r"[A-Za-z0-9_-]{1,12}", fullmatch=True)
_PATH = st.from_regex(r"[a-z0-9é ]{1,8}(/[a-z0-9]{1,8}){0,2}", fullmatch=True)
_TIME = st.timedeltas(timedelta(seconds=1), timedelta(days=180))


@st.composite
def _place(draw: st.DrawFn, task: TaskSpecification) -> None:
    """What runs, and where: a registered task, a plain command, one in a container, or one on several nodes."""
    kind = draw(st.sampled_from(["registered", "command", "container", "several"]))
    if kind != "registered":
        task.command_line = "/bin/echo " + draw(_NAME)
    if kind == "container":
        task.container = ContainerSettings(image_name="docker.io/library/busybox:1", run_options="--rm")
    if kind == "several":
        task.multi_instance = MultiInstanceSettings(number_of_instances=2, coordination_command_line="/bin/true")
    else:
        task.required_slots = draw(st.integers(1, 256))


@st.composite
def _limits(draw: st.DrawFn, task: TaskSpecification) -> None:
    if draw(st.booleans()):
        task.retry = RetryPolicy(max_retries=draw(st.integers(1, 9)), exit_codes=(3, 7))
    count = None if task.retry is not None else draw(st.none() | st.integers(-1, 9))
    task.constraints = TaskConstraints(
        max_task_retry_count=count,
        max_wall_clock_time=draw(st.none() | _TIME),
        retention_time=draw(st.none() | _TIME),
    )
    if draw(st.booleans()):
        level, scope = draw(st.sampled_from(ElevationLevel)), draw(st.sampled_from(AutoUserScope))
        task.user_identity = UserIdentity(elevation_level=level, scope=scope)


@st.composite
def _files(draw: st.DrawFn, task: TaskSpecification, number: int) -> None:
    settings = draw(st.dictionaries(_NAME, _TEXT, max_size=3))
    task.environment_settings = {f"X_{name}": value for name, value in settings.items()}
    for place, path in enumerate(draw(st.lists(_PATH, max_size=3, unique=True))):
        task.input_files.append(InputFileSpecification(source_blob_path=path, target_file_path=f"in{place}/{path}"))
    for place, path in enumerate(draw(st.lists(_PATH, max_size=3, unique=True))):
        condition = draw(st.sampled_from(UploadCondition))
        target = f"out/{number}/{place}/{path}"
        task.output_files.append(OutputFileSpecification(path, target_blob_path=target, upload_condition=condition))


@st.composite
def sound_jobs(draw: st.DrawFn) -> list[TaskSpecification]:
    """The tasks of a job, in the order of adding."""
    tasks: list[TaskSpecification] = []
    for number in range(1, draw(st.integers(1, 8)) + 1):
        task = a_task(
            id=str(number),
            inputs='{"text": ' + draw(st.sampled_from(['"a"', '"' + "x" * 9000 + '"'])) + "}",
            display_name=draw(st.none() | _TEXT),
            dependencies=tuple(draw(st.lists(st.sampled_from(tasks), unique_by=id)) if tasks else ()),
        )
        task.run_when = draw(st.sampled_from(DependencyRule)) if task.dependencies else DependencyRule.ALL_SUCCEEDED
        draw(_place(task))
        draw(_limits(task))
        draw(_files(task, number))
        tasks.append(task)
    return tasks

"""What the pre-flight of a large job costs: time is printed (``-s`` shows it), memory is held."""

import time
import tracemalloc

from batch_manager import InputFileSpecification, OutputFileSpecification, TaskSpecification
from batch_manager.preflight import find_problems
from tests.support.planted import a_task, facts

SIZE = 20_000
REMEMBERED = 600
"""Bytes for each task: its id, that it was added, and the blob it names."""


def _job() -> list[TaskSpecification]:
    """Tasks with files and a setting, each but the first after the one before, and one after all of them."""
    tasks: list[TaskSpecification] = []
    for number in range(1, SIZE + 1):
        task = a_task(id=str(number), display_name=f"part {number}", dependencies=tuple(tasks[-1:]))
        task.input_files.append(InputFileSpecification(source_blob_path="network.inp", target_file_path="network.inp"))
        task.output_files.append(OutputFileSpecification("result.json", target_blob_path=f"results/{number}.json"))
        task.environment_settings["THREADS"] = "1"
        tasks.append(task)
    return [*tasks, a_task(id=str(SIZE + 1), dependencies=tuple(tasks))]


def test_preflight_of_a_large_job_remembers_little_of_each_task() -> None:
    """Nothing that it looks at is kept but what a later task may clash with."""
    tasks, known = _job(), facts()
    began = time.process_time()
    assert find_problems(tasks, known) == ()
    print(f"{(time.process_time() - began) / SIZE * 1e6:.0f} microseconds of processor time a task")
    tracemalloc.start()
    find_problems(tasks, known)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    print(f"{peak / SIZE:.0f} bytes a task")
    assert peak < REMEMBERED * SIZE

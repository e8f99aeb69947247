"""The environment of a node process is read in one place, and refused clearly where it is not Batch's."""

from pathlib import Path

import pytest

from batch_manager.environment import INPUTS, INPUTS_FILE, attempt_number, read_inputs, read_node_environment
from batch_manager.errors import InputError, UsageError

NODE = {"AZ_BATCH_JOB_ID": "job", "AZ_BATCH_TASK_ID": "7", "AZ_BATCH_TASK_WORKING_DIR": "/wd"}


def test_read_node_environment_outside_batch_says_what_to_use() -> None:
    """Somebody who starts the package by hand learns the two commands."""
    with pytest.raises(UsageError, match=r"AZ_BATCH_TASK_ID not set.*dispatcher run"):
        read_node_environment({"AZ_BATCH_JOB_ID": "job"})


def test_read_inputs_from_the_environment_setting() -> None:
    """Inputs are JSON values of any kind."""
    node = read_node_environment({**NODE, INPUTS: '{"a":[1,null],"b":"x"}'})
    assert read_inputs(node) == {"a": [1, None], "b": "x"}


def test_read_inputs_from_the_file_that_stands_for_it(tmp_path: Path) -> None:
    """Inputs too large for a setting come as a file."""
    (tmp_path / "inputs.json").write_text('{"a": 1}')
    node = read_node_environment({**NODE, "AZ_BATCH_TASK_WORKING_DIR": str(tmp_path), INPUTS_FILE: "inputs.json"})
    assert read_inputs(node) == {"a": 1}


def test_read_inputs_without_any_is_empty() -> None:
    """A task may have no inputs."""
    assert read_inputs(read_node_environment(NODE)) == {}


@pytest.mark.parametrize(("text", "said"), [("{", "are not JSON"), ("[1]", "not a JSON object but list")])
def test_read_inputs_of_another_form_is_refused(text: str, said: str) -> None:
    """A damaged setting is named, not guessed at."""
    with pytest.raises(InputError, match=said):
        read_inputs(read_node_environment({**NODE, INPUTS: text}))


def test_read_inputs_from_a_missing_file_names_it() -> None:
    """The file is the submission's; if it did not arrive, that is said."""
    with pytest.raises(InputError, match=r"gone\.json"):
        read_inputs(read_node_environment({**NODE, INPUTS_FILE: "gone.json"}))


def test_attempt_number_counts_processes_and_not_calls(tmp_path: Path) -> None:
    """Each process counts once, however often it asks."""
    assert [attempt_number(str(tmp_path)), attempt_number(str(tmp_path))] == [1, 1]
    attempt_number.cache_clear()
    assert attempt_number(str(tmp_path)) == 2

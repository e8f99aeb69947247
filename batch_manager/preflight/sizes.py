"""How long a task is as it is sent. Pure.

Azure refuses a request over 1 MB, and so a task that is longer by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from batch_manager.compilation import MAX_INPUTS_LENGTH, needs_blob
from batch_manager.definitions import MAX_REQUEST_BYTES
from batch_manager.dependencies import compress, encode_ids
from batch_manager.preflight.facts import JobFacts
from batch_manager.preflight.ids import MAX_ID_LENGTH
from batch_manager.preflight.limits import MAX_RESOURCE_FILES_LENGTH
from batch_manager.preflight.rules import Finding, Rule
from batch_manager.specification import TaskSpecification

TASK = Rule(
    "task-too-long",
    "environment_settings",
    f"a task that makes more than {MAX_REQUEST_BYTES} bytes as it is sent, with all its settings, files and commands",
    "move what is long into an input file",
)
RESOURCE_FILES = Rule(
    "input-files-too-long",
    "input_files",
    f"more than {MAX_RESOURCE_FILES_LENGTH} characters of URLs, paths and identities together",
    "give a folder, source_blob_path with '/' at its end, instead of many files, or one archive",
)

RULES = (TASK, RESOURCE_FILES)

_FRAME = 4_000
"""Bytes of what every task has: its own id, command, logs, exit conditions."""
_ITEM = 250
"""Bytes round the values of a setting, file or package, and of the URL of a container."""
_MOST_PER_CHARACTER = 12
"""Bytes that a character becomes at most: a path outside the basic plane, percent-encoded."""
_MOST_INPUTS = 6 * MAX_INPUTS_LENGTH
"""Bytes of inputs that travel as a setting."""
_FEW = 10


def check(task: TaskSpecification, facts: JobFacts) -> Sequence[Finding]:
    """What of a task is too long to be sent."""
    if (
        len(task.input_files) + len(task.output_files) < _FEW
        and len(task.environment_settings) < _FEW
        and len(task.dependencies) < _FEW
        and task.command_line is None
        and task.container is None
        and task.multi_instance is None
        and sum(map(len, task.environment_settings.values())) * _MOST_PER_CHARACTER < MAX_REQUEST_BYTES // 2
    ):
        return ()
    return tuple(_check(task, facts))


def _check(task: TaskSpecification, facts: JobFacts) -> Iterator[Finding]:
    identity = len(facts.identity_reference or "")
    files = sum(
        len(facts.storage_account_url)
        + len(given.container_name or facts.container or "")
        + len(given.source_blob_path)
        + len(given.target_file_path or given.source_blob_path)
        + (len(given.identity_reference) if given.identity_reference is not None else identity)
        for given in task.input_files
    )
    if files > MAX_RESOURCE_FILES_LENGTH:
        said = f"are {len(task.input_files)} with {files} characters, at most {MAX_RESOURCE_FILES_LENGTH} are allowed"
        yield RESOURCE_FILES.broken(said)
    if _at_most(task, identity) > MAX_REQUEST_BYTES:
        length = request_length(task, facts)
        if length > MAX_REQUEST_BYTES:
            yield TASK.broken(f"and the rest of the task make {length} bytes, at most {MAX_REQUEST_BYTES} are allowed")


def _at_most(task: TaskSpecification, identity: int) -> int:
    """A bound that is quickly found."""
    items = len(task.input_files) + len(task.output_files) + len(task.environment_settings)
    characters = sum(len(name) + len(value) for name, value in task.environment_settings.items())
    characters += sum(len(file.source_blob_path) + len(file.target_file_path or "") for file in task.input_files)
    characters += sum(len(file.source_file_path) + len(file.target_blob_path or "") for file in task.output_files)
    characters += len(task.display_name or "")
    parents = len(task.dependencies) * (MAX_ID_LENGTH + 4) * 2
    characters += sum(map(len, _commands(task)))
    return _FRAME + _MOST_INPUTS + items * (_ITEM + identity) + characters * _MOST_PER_CHARACTER + parents


def _commands(task: TaskSpecification) -> list[str]:
    texts = [task.command_line or ""]
    if task.container is not None:
        texts += [task.container.image_name, task.container.run_options or ""]
    if task.multi_instance is not None:
        texts.append(task.multi_instance.coordination_command_line)
    return texts


def request_length(task: TaskSpecification, facts: JobFacts) -> int:
    """The bytes of a task as it is sent, not less and hardly more."""
    texts = [task.id, task.display_name or "", *_commands(task)]
    texts += [text for setting in task.environment_settings.items() for text in setting]
    if not needs_blob(task.inputs):
        texts.append(task.inputs)
    for given in task.input_files:
        texts += [given.source_blob_path, given.target_file_path or given.source_blob_path]
    for made in task.output_files:
        texts += [made.source_file_path, made.target_blob_path or made.source_file_path]
    identities = [each.identity_reference for each in task.input_files]
    identities += [each.identity_reference for each in task.output_files]
    items = len(identities) + len(task.environment_settings) + len(task.application_package_references)
    identity = sum(len(each or facts.identity_reference or "") for each in identities)
    parents = compress(parent.id for parent in task.dependencies)
    ids = sum(len(parent) + 3 for parent in parents.task_ids) + 40 * len(parents.ranges) + len(encode_ids(parents))
    encoded = sum(len(json.dumps(text)) for text in texts)
    quoted = sum(2 * len(given.source_blob_path.encode()) for given in task.input_files)
    return _FRAME + items * (_ITEM + len(facts.storage_account_url)) + identity + ids + encoded + quoted

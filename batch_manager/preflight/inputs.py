"""A task's input files. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence

from batch_manager.compilation import INPUTS_FILE_PATH
from batch_manager.naming import CALLBACK_BLOB
from batch_manager.preflight.facts import JobFacts
from batch_manager.preflight.limits import MAX_PATH
from batch_manager.preflight.places import check_place, is_own_container
from batch_manager.preflight.rules import Finding, Rule, shown
from batch_manager.preflight.texts import is_plain_path, is_sendable
from batch_manager.specification import FOLDER_MARK, InputFileSpecification, TaskSpecification

_OWN_FOLDER = posixpath.dirname(INPUTS_FILE_PATH)

CALLBACK = Rule(
    "input-callback",
    "input_files",
    f"`{CALLBACK_BLOB}` of the job's container, or a folder that it is in: a secret that FinalizeTask alone reads",
    "name a folder of your own",
)
TARGET = Rule(
    "input-target",
    "input_files",
    f"a `target_file_path` out of the working directory, longer than {MAX_PATH} characters, in the folder "
    f"`{_OWN_FOLDER}`, or for a single blob a folder",
    "give a path in the working directory",
)
CLASH = Rule(
    "input-clash",
    "input_files",
    "two blobs that go to one path, or one to where another needs a folder",
    "give each a target_file_path of its own",
)

RULES = (CALLBACK, TARGET, CLASH)


def check(task: TaskSpecification, facts: JobFacts) -> Sequence[Finding]:
    """What is wrong with a task's input files."""
    return tuple(_check(task, facts)) if task.input_files else ()


def _check(task: TaskSpecification, facts: JobFacts) -> Iterator[Finding]:
    targets: dict[str, str] = {}
    for index, given in enumerate(task.input_files):
        field = f"input_files[{index}]"
        yield from check_place(given, given.source_blob_path, field, "source_blob_path")
        if _takes_callback(given, facts):
            path = given.source_blob_path
            said = f"is {path!r}, which takes in {CALLBACK_BLOB!r}, a secret"
            yield CALLBACK.broken(said, f"{field}.source_blob_path")
        wrong = _check_target(given)
        if wrong is not None:
            yield TARGET.broken(wrong, f"{field}.target_file_path")
        elif not given.is_folder:
            yield from _check_clash(targets, field, posixpath.normpath(_target(given)))
    yield from _check_folders(targets)


def _takes_callback(given: InputFileSpecification, facts: JobFacts) -> bool:
    path = given.source_blob_path
    takes = path == CALLBACK_BLOB or (given.is_folder and CALLBACK_BLOB.startswith(path))
    return takes and is_own_container(given, facts)


def _target(given: InputFileSpecification) -> str:
    """Where a single blob goes, as it is sent."""
    return given.target_file_path or given.source_blob_path


def _check_target(given: InputFileSpecification) -> str | None:
    path = given.target_file_path if given.is_folder else _target(given)
    if path is None or is_plain_path(path):
        return None
    plain = posixpath.normpath(path.replace("\\", "/"))
    if plain == ".." or plain.startswith(("/", "../")):
        return f"is {shown(path)}, which leaves the working directory"
    if not is_sendable(path) or len(path) > MAX_PATH:
        return f"is {shown(path)}, which is no path"
    if plain == _OWN_FOLDER or plain.startswith(f"{_OWN_FOLDER}/"):
        return f"is {shown(path)}, which is kept for the framework"
    if not given.is_folder and (path.endswith(FOLDER_MARK) or plain == "."):
        return f"is {shown(path)}, a folder; a single blob has a file's name"
    return None


def _check_clash(targets: dict[str, str], field: str, path: str) -> Iterator[Finding]:
    first = targets.setdefault(path, field)
    if first != field:
        yield CLASH.broken(f"goes to {shown(path)}, and so does {first}", f"{field}.target_file_path")


def _check_folders(targets: dict[str, str]) -> Iterator[Finding]:
    if len(targets) < 2:
        return
    for path, field in targets.items():
        folder = posixpath.dirname(path)
        while folder:
            if folder in targets:
                said = f"goes to {shown(path)}, and {targets[folder]} makes {shown(folder)} a file"
                yield CLASH.broken(said, f"{field}.target_file_path")
                break
            folder = posixpath.dirname(folder)

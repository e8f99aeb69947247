"""How much data a job moves, as far as its files are on this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from batch_manager.specification import FOLDER_MARK, InputFileSpecification, TaskSpecification


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The input files of some tasks.

    Attributes:
        files: how many files or folders the tasks name together.
        known_bytes: what those among them that are on this machine have, each time that one is brought to a task.
        unknown: how many of them are not known here: made by other tasks, or in another container or account.
    """

    files: int = 0
    known_bytes: int = 0
    unknown: int = 0


def total_inputs(inputs: Iterable[Inputs]) -> Inputs:
    """The inputs of all together."""
    files = known = unknown = 0
    for each in inputs:
        files, known, unknown = files + each.files, known + each.known_bytes, unknown + each.unknown
    return Inputs(files=files, known_bytes=known, unknown=unknown)


def file_sizes(files: Mapping[str, Path]) -> dict[str, int]:
    """By blob, how large the files are that would be uploaded."""
    return {blob: source.stat().st_size for blob, source in files.items()}


def measure_inputs(container: str, sizes: Mapping[str, int]) -> Callable[[TaskSpecification], Inputs]:
    """What tells the inputs of a task.

    Args:
        container: the job's own.
        sizes: of the blobs that are uploaded into it.
    """

    @cache
    def blob_bytes(path: str) -> int | None:
        if path and not path.endswith(FOLDER_MARK):
            return sizes.get(path)
        found = [size for blob, size in sizes.items() if blob.startswith(path)]
        return sum(found) if found else None

    def bytes_of(given: InputFileSpecification) -> int | None:
        is_own = given.storage_account_name is None and given.container_name in (None, container)
        return blob_bytes(given.source_blob_path) if is_own else None

    def inputs_of(task: TaskSpecification) -> Inputs:
        found: Sequence[int | None] = [bytes_of(given) for given in task.input_files]
        known = [size for size in found if size is not None]
        return Inputs(files=len(found), known_bytes=sum(known), unknown=len(found) - len(known))

    return inputs_of

"""A job's blobs come to this disk, each where its name says, and never elsewhere."""

from pathlib import Path

from batch_manager.naming import CALLBACK_BLOB
from batch_manager.testing import InMemoryBlobStorage
from dispatcher.results import fetch_results


def _storage(*blobs: str) -> InMemoryBlobStorage:
    storage = InMemoryBlobStorage()
    storage.create_container("job-a")
    for blob in blobs:
        storage.upload("job-a", blob, blob.encode())
    return storage


def test_blobs_lie_under_their_names(tmp_path: Path) -> None:
    """But for the callback's URL."""
    assert fetch_results(_storage("a/b.txt", "c", CALLBACK_BLOB), "job-a", tmp_path / "new") == ()
    found = {str(path.relative_to(tmp_path / "new")) for path in (tmp_path / "new").rglob("*") if path.is_file()}
    assert found == {"a/b.txt", "c"}


def test_blob_whose_name_leads_out_of_the_folder_is_not_written(tmp_path: Path) -> None:
    """A task names its blobs as it likes; this disk is not the task's."""
    (problem,) = fetch_results(_storage("../outside", "inside"), "job-a", tmp_path / "new")
    assert "'../outside'" in problem
    assert not (tmp_path / "outside").exists()
    assert (tmp_path / "new" / "inside").exists()


def test_blob_that_is_also_a_folder_is_told(tmp_path: Path) -> None:
    """Blob Storage has both, a disk has not."""
    problems = fetch_results(_storage("a", "a/b"), "job-a", tmp_path)
    assert len(problems) == 1
    assert "cannot be written" in problems[0]

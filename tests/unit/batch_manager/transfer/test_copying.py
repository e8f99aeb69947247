"""Copies between accounts in memory."""

import pytest

from batch_manager.errors import InputError, ServiceError
from batch_manager.transfer import Place, TransferResult, copy_blobs, copying, find_source
from tests.support.blobs_in_memory import BlobsInMemory, failing

LARGE = bytes(range(256)) * 40


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few bytes are a large blob."""
    monkeypatch.setattr(copying, "MAX_COPY", 4096)
    monkeypatch.setattr(copying, "BLOCK_SIZE", 1024)
    monkeypatch.setattr(copying, "block_size", lambda size, smallest: 1024)


@pytest.fixture
def here() -> BlobsInMemory:
    return BlobsInMemory("box", account_url="https://here")


@pytest.fixture
def there(here: BlobsInMemory) -> BlobsInMemory:
    store = BlobsInMemory("goal", account_url="https://there")
    store.others["https://here"] = here
    return store


def _copy(here: BlobsInMemory, there: BlobsInMemory, path: str = "", to: str = "") -> TransferResult:
    source, target = Place(store=here, container="box", path=path), Place(store=there, container="goal", path=to)
    return copy_blobs(source, target, find_source(source, target))


def test_blobs_are_copied_by_the_account(here: BlobsInMemory, there: BlobsInMemory) -> None:
    """With their types and MD5s; a second time nothing is."""
    for name, content in {"a": b"small", "b/large": LARGE, "c": b""}.items():
        here.add("box", name, content)
    assert _copy(here, there).sent == ("a", "b/large", "c")
    assert here.count("get") == there.count("put") == 0
    assert there.content("goal", "b/large") == LARGE
    described = there.describe("goal", "b/large")
    assert (described.md5, described.content_type) == (here.describe("box", "b/large").md5, "a/b")
    assert _copy(here, there).skipped == ("a", "b/large", "c")


@pytest.mark.parametrize(
    ("path", "to", "names"),
    [
        ("", "", ["x/a", "x/y/b", "xa"]),
        ("", "in", ["in/x/a", "in/x/y/b", "in/xa"]),
        ("x", "in/", ["in/a", "in/y/b"]),
        ("x/", "", ["a", "y/b"]),
        ("x/a", "other", ["other"]),
        ("x/a", "in/", ["in/a"]),
        ("x/a", "", ["a"]),
        ("nothing", "", []),
    ],
)
def test_names_at_the_target(here: BlobsInMemory, there: BlobsInMemory, path: str, to: str, names: list[str]) -> None:
    """A blob goes to the target's path; what is below a folder keeps its path below it."""
    for name in ("x/a", "x/y/b", "xa"):
        here.add("box", name, b"1")
    found = find_source(Place(store=here, container="box", path=path), Place(store=there, container="goal", path=to))
    assert list(found) == names


@pytest.mark.parametrize("content", [b"small", b"x" * 3000, LARGE])
def test_account_that_cannot_read_the_source_gets_it_through_this_machine(
    here: BlobsInMemory, there: BlobsInMemory, content: bytes
) -> None:
    """And the result tells so."""
    refusal = ServiceError("no", operation="copy", status=403, code="CannotVerifyCopySource")
    here.add("box", "a", content)

    def refuse(method: str, blob: str) -> None:
        if method in ("copy", "put_block_from"):
            raise refusal

    there.before = refuse
    assert _copy(here, there).through_this_machine == ("a",)
    assert there.content("goal", "a") == content
    assert there.describe("goal", "a").content_type == "a/b"


def test_interrupted_copy_goes_on_with_the_blocks_that_are_there(here: BlobsInMemory, there: BlobsInMemory) -> None:
    """Those of another version of the source are not used."""
    here.add("box", "a", LARGE)
    there.before = failing("commit", 1)
    assert _copy(here, there).failures
    there.asked.clear()
    assert _copy(here, there).sent == ("a",)
    assert there.count("put_block_from") == 0
    there.before = failing("commit", 1)
    here.add("box", "a", LARGE[::-1])
    assert _copy(here, there).failures
    assert there.count("put_block_from") == 10


def test_copy_that_is_not_like_its_source_is_a_failure(here: BlobsInMemory, there: BlobsInMemory) -> None:
    """As where another process writes the target too."""
    here.add("box", "a", b"1")

    def overwrite(method: str, blob: str) -> None:
        if method == "list" and there.blobs["goal"]:
            there.add("goal", "a", b"2")

    there.before = overwrite
    result = _copy(here, there)
    assert (result.sent, result.sent_bytes, [one.name for one in result.failures]) == ((), 0, ["a"])


def test_copy_onto_itself_is_refused(here: BlobsInMemory) -> None:
    """Blocks would be put together from the blob that they replace."""
    here.add("box", "x/a", b"1")
    with pytest.raises(InputError, match="are the same"):
        find_source(Place(store=here, container="box", path="x"), Place(store=here, container="box", path="x/"))

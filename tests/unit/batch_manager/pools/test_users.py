"""Who may log on to nodes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from batch_manager.errors import InputError
from batch_manager.pool_operations import NodeUser, PoolNode
from batch_manager.pools.users import (
    add_user,
    check_name,
    delete_user,
    expiry_time,
    known_users,
    own_users,
    read_public_key,
)
from tests.support.pools_in_memory import NOW, PoolsInMemory, detail

ANNA = NodeUser(name="anna", expiry_time=NOW + timedelta(days=1), ssh_public_key="ssh-rsa x", password="hidden")


def _pools() -> PoolsInMemory:
    pools = PoolsInMemory(detail(metadata={"mine": "1"}))
    pools.nodes.nodes["p"] = [PoolNode(id="n0", state="idle"), PoolNode(id="n1", state="idle")]
    return pools


def _known(pools: PoolsInMemory) -> list[str]:
    return [user.name for user in known_users(pools.get_pool("p").summary.metadata)]


def test_user_is_added_to_all_nodes_and_written_down() -> None:
    """Without the password, and beside what was there; again is the same."""
    pools, seen = _pools(), []
    for _ in range(2):
        spread = add_user(pools, "p", ANNA, None, lambda done, of: seen.append((done, of)))
        assert spread.done == ("n0", "n1")
    assert _known(pools) == ["anna"]
    assert seen[:2] == [(1, 2), (2, 2)]
    assert "mine" in pools.get_pool("p").summary.metadata
    assert "hidden" not in str(pools.get_pool("p").summary.metadata) + repr(ANNA)


def test_node_that_is_not_ready_does_not_keep_the_others() -> None:
    """It is told."""
    pools = _pools()
    pools.nodes.unready.add("n0")
    spread = add_user(pools, "p", ANNA, None, lambda done, of: None)
    assert (spread.done, list(spread.failed)) == (("n1",), ["n0"])


@pytest.mark.parametrize("length", [timedelta(0), timedelta(seconds=59), timedelta(days=999_999_999)])
def test_time_that_is_none_is_refused(length: timedelta) -> None:
    """Before anything is written down."""
    assert expiry_time(NOW, timedelta(days=1)) == ANNA.expiry_time
    with pytest.raises(InputError, match="--expires is"):
        expiry_time(NOW, length)


def test_user_is_deleted_from_all_nodes_and_forgotten() -> None:
    """Of one node alone, the rest stays."""
    pools = _pools()
    add_user(pools, "p", ANNA, None, lambda done, of: None)
    delete_user(pools, "p", "anna", "n0", lambda done, of: None)
    assert (_known(pools), list(pools.nodes.users)) == (["anna"], [("n1", "anna")])
    delete_user(pools, "p", "anna", None, lambda done, of: None)
    assert (_known(pools), pools.nodes.users) == ([], {})


def test_users_that_were_changed_beyond_reading_are_left_out() -> None:
    """And what is none."""
    assert list(known_users({"batchmanageruser-a": "{}", "batchmanageruser-b": "no", "other": "1"})) == []


def test_users_of_the_pool_are_told() -> None:
    """By their names."""
    assert own_users(detail(document={"userAccounts": [{"name": "svc"}]})) == ("svc",)
    assert own_users(detail()) == ()


@pytest.mark.parametrize("name", ["", "1a", "a b", "a" * 33, "ann:a"])
def test_name_that_no_system_takes_is_refused(name: str) -> None:
    """Before anything is sent."""
    with pytest.raises(InputError, match="user"):
        check_name(name)


def test_public_key_is_read(tmp_path: Path) -> None:
    """Without the white space round it."""
    path = tmp_path / "k.pub"
    path.write_text(f"ssh-ed25519 {'A' * 68} me@here\n")
    assert read_public_key(path).endswith("me@here")


@pytest.mark.parametrize("text", ["-----BEGIN OPENSSH PRIVATE KEY-----\nabcdef", "secret-words", ""])
def test_file_without_a_public_key_is_refused_and_not_shown(tmp_path: Path, text: str) -> None:
    """It may be the private key."""
    path = tmp_path / "k"
    path.write_text(text)
    with pytest.raises(InputError) as raised:
        read_public_key(path)
    assert "abcdef" not in str(raised.value)
    assert "secret-words" not in str(raised.value)


def test_user_is_written_down_though_the_pool_was_changed_meanwhile() -> None:
    """What somebody else wrote stays."""
    pools = _pools()
    first = pools.get_pool("p")
    pools.put_metadata("p", {"mine": "1", "theirs": "2"})
    looks = iter([first])
    pools.get_pool = lambda pool_id: next(looks, pools.pools[pool_id])  # type: ignore[method-assign]
    add_user(pools, "p", ANNA, None, lambda done, of: None)
    assert {"mine", "theirs", "batchmanageruser-anna"} <= pools.pools["p"].summary.metadata.keys()

"""The table of the peers and their lock files."""

import re
from pathlib import Path

import pytest

from benchmarks.peers.environments import PEERS, Peer, main


@pytest.mark.parametrize("peer", PEERS.values(), ids=lambda peer: peer.name)
def test_peer_has_a_script_that_says_what_it_does(peer: Peer) -> None:
    """One small file each."""
    lines = peer.script.read_text().splitlines()
    assert lines[0].startswith('"""')
    assert len(lines) < 50


@pytest.mark.parametrize("peer", [peer for peer in PEERS.values() if not peer.is_program], ids=lambda peer: peer.name)
def test_lock_names_every_package_with_version_and_hash_and_no_address(peer: Peer) -> None:
    """What is installed is what was locked, from any index."""
    lock = peer.environment.lock.read_text()
    packages = re.split(r"\n(?=\S)", lock)
    assert all("==" in package and "--hash=sha256:" in package for package in packages)
    assert "://" not in lock
    (wanted,) = peer.environment.lock.with_suffix(".in").read_text().split()
    assert f"\n{wanted}==" in f"\n{lock}"


def test_peer_that_is_not_there_says_what_to_do(tmp_path: Path) -> None:
    """Of the system and of PyPI."""
    assert "apt-get install no-such-tool" in str(Peer(name="no-such-tool", is_program=True).absence(tmp_path))
    assert "make peers" in str(PEERS["ray"].absence(tmp_path))


@pytest.mark.parametrize("arguments", [[], ["folder", "no-such-peer"]])
def test_command_refuses_what_it_does_not_know(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """With the names that there are."""
    assert main(arguments) == 64
    assert "snakemake" in capsys.readouterr().err

"""An account's keys."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest

from dispatcher.service.accounts import KeyName
from dispatcher.service.keyring import KeyFileError, Keyring


def test_keys_are_made_once_and_private(tmp_path: Path) -> None:
    """They are as long as Azure's, and differ."""
    keys = Keyring(tmp_path).keys()
    assert Keyring(tmp_path).keys() == keys
    assert len({keys.primary, keys.secondary}) == 2
    assert {len(base64.b64decode(key)) for key in (keys.primary, keys.secondary)} == {64}
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    assert keys.primary not in repr(keys)


@pytest.mark.parametrize("name", list(KeyName))
def test_regenerated_key_is_another_for_good(tmp_path: Path, name: KeyName) -> None:
    """The other key stays."""
    keyring = Keyring(tmp_path)
    old, new = keyring.keys(), keyring.regenerate(name)
    assert (old.primary == new.primary, old.secondary == new.secondary) == (
        name is not KeyName.PRIMARY,
        name is not KeyName.SECONDARY,
    )
    assert Keyring(tmp_path).keys() == keyring.keys() == new
    assert {base64.b64decode(new.primary), base64.b64decode(new.secondary)} == set(keyring.decoded())


@pytest.mark.parametrize("content", ["", "not base64!", "\xff"])
def test_file_that_holds_no_key_is_named(tmp_path: Path, content: str) -> None:
    """And not shown."""
    (tmp_path / "batch_account_key").write_text(content, encoding="latin-1")
    with pytest.raises(KeyFileError, match="batch_account_key") as caught:
        Keyring(tmp_path)
    assert not content or content not in str(caught.value)

"""The accounts of a service's folder."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from dispatcher.service.accounts import AccountLeaving, Accounts, KeyName
from dispatcher.service.clock import ManualClock
from dispatcher.service.identity.authority import TokenAuthority
from dispatcher.service.local_accounts import HostSettings, LocalAccounts
from dispatcher.service.options import ServiceOptions


@contextmanager
def opened(data: Path, default: str = "local") -> Iterator[Accounts]:
    """Open the accounts of a folder, and close them at the end."""
    clock = ManualClock()
    settings = HostSettings(
        data=data, default=default, url="http://127.0.0.1:1", tls_host="127.0.0.1:2", options=ServiceOptions()
    )
    accounts = LocalAccounts(settings, tokens=TokenAuthority(b"key", clock), clock=clock)
    try:
        yield accounts
    finally:
        accounts.close()


def open_files(folder: Path) -> list[str]:
    """Return the files below a folder that this process has open."""
    found = []
    for entry in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the one that lists them
            found.append(str(entry.readlink()))
    return sorted(name for name in found if name.startswith(str(folder)))


def test_folder_has_the_default_account_first(tmp_path: Path) -> None:
    """And in the folder itself, where a service of one account has it."""
    with opened(tmp_path) as accounts:
        accounts.create("another")
        assert accounts.names() == ("local", "another")
    assert (tmp_path / "state.sqlite3").exists()
    assert (tmp_path / "accounts" / "another" / "state.sqlite3").exists()


def test_account_is_made_once_whatever_its_case(tmp_path: Path) -> None:
    """Names are hosts' names on Azure, where case says nothing."""
    with opened(tmp_path) as accounts:
        made = accounts.create("another")
        assert accounts.create("Another") is accounts.find("ANOTHER") is made
        assert accounts.find("unknown") is None
        assert made.core.account == "another"


def test_account_is_there_again_with_its_keys(tmp_path: Path) -> None:
    """No key opens two accounts."""
    with opened(tmp_path) as accounts:
        accounts.create("another")
        keys = [accounts.keys(name) for name in accounts.names()]
    with opened(tmp_path) as accounts:
        assert [accounts.keys(name) for name in accounts.names()] == keys
    assert len({key for pair in keys for key in (pair.primary, pair.secondary)}) == 4


def test_account_that_is_made_has_its_document_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that is killed before it is all there has no account, one that is killed later has all of it."""
    with opened(tmp_path) as accounts, monkeypatch.context() as patch:
        patch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            accounts.create("another", "{}")
    with opened(tmp_path) as accounts:
        assert accounts.names() == ("local",)
        assert list((tmp_path / "accounts").iterdir()) == []
        accounts.create("another", '{"a": 1}')
    with opened(tmp_path) as accounts:
        service = accounts.find("another")
        assert service is not None
        assert service.core.store.account.document() == '{"a": 1}'


def test_regenerated_key_is_kept(tmp_path: Path) -> None:
    """The other one is as it was."""
    with opened(tmp_path) as accounts:
        old = accounts.keys("local")
        new = accounts.regenerate("Local", KeyName.SECONDARY)
    with opened(tmp_path) as accounts:
        assert accounts.keys("local") == new
    assert (new.primary == old.primary, new.secondary == old.secondary) == (True, False)


def test_removed_account_is_gone(tmp_path: Path) -> None:
    """One of the same name that is made after it is another."""
    with opened(tmp_path) as accounts:
        accounts.create("another")
        keys = accounts.keys("another")
        removal = accounts.remove("Another")
        removal.end()
        removal.finish()
        assert accounts.names() == ("local",)
    with opened(tmp_path) as accounts:
        assert accounts.find("another") is None
        accounts.create("another")
        assert accounts.keys("another") != keys


def test_removed_account_leaves_no_file_open(tmp_path: Path) -> None:
    """A service has as many files open after a thousand accounts as before."""
    with opened(tmp_path) as accounts:
        before = open_files(tmp_path)
        accounts.create("another")
        removal = accounts.remove("another")
        removal.end()
        removal.finish()
        for thread in threading.enumerate():
            if thread.name == "remove account":
                thread.join()
        assert open_files(tmp_path) == before
    assert open_files(tmp_path) == []


def test_account_that_is_being_removed_is_not_made_anew(tmp_path: Path) -> None:
    """Its folder is in use until its tasks have ended; nobody waits for that."""
    with opened(tmp_path) as accounts:
        accounts.create("another")
        removal = accounts.remove("another")
        assert accounts.find("another") is None
        with pytest.raises(AccountLeaving):
            accounts.create("Another")
        removal.end()
        removal.finish()
        accounts.create("another")
        assert accounts.names() == ("local", "another")


def test_what_is_left_of_a_removed_account_is_cleared(tmp_path: Path) -> None:
    """The process may have died while it was deleting."""
    left = tmp_path / "accounts" / ".removed-0123"
    (left / "pools").mkdir(parents=True)
    with opened(tmp_path) as accounts:
        assert accounts.names() == ("local",)
    assert not left.exists()


def test_default_account_is_not_removed(tmp_path: Path) -> None:
    """It is the service's."""
    with opened(tmp_path) as accounts, pytest.raises(ValueError, match="default account"):
        accounts.remove("LOCAL")


@pytest.mark.parametrize("name", ["", "ab", "a" * 25, "with-hyphen", "../above", "Ünder"])
def test_name_that_azure_refuses_is_refused(tmp_path: Path, name: str) -> None:
    """Nothing is made of it."""
    with opened(tmp_path) as accounts, pytest.raises(ValueError, match="no account name"):
        accounts.create(name)
    assert list((tmp_path / "accounts").iterdir()) == []


def test_host_is_where_tls_is(tmp_path: Path) -> None:
    """Clients put a scheme before it."""
    with opened(tmp_path) as accounts:
        assert accounts.host("Local") == "127.0.0.1:2/a/local"

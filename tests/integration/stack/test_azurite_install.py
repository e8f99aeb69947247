"""Which Azurite and which Node.js are taken, and what is said where there are none."""

from pathlib import Path

import pytest

from dispatcher.azurite import install


def test_named_azurite_that_is_missing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong AZURITE_JS is told, rather than passed over for another Azurite."""
    monkeypatch.setenv("AZURITE_JS", "/no/such/azurite.js")
    with pytest.raises(install.StorageUnavailable, match=r"AZURITE_JS names /no/such/azurite\.js"):
        install.azurite_command()


def test_named_azurite_comes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """AZURITE_JS counts before any Azurite that was installed."""
    (tmp_path / "azurite.js").touch()
    (tmp_path / "node").write_text("#!/bin/sh\necho v22.1.0\n")
    (tmp_path / "node").chmod(0o700)
    monkeypatch.setenv("AZURITE_JS", str(tmp_path / "azurite.js"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert install.azurite_command() == (str(tmp_path / "node"), str(tmp_path / "azurite.js"))


def test_old_node_is_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A Node.js that is too old for Azurite counts as none."""
    (tmp_path / "node").write_text("#!/bin/sh\necho v18.20.0\n")
    (tmp_path / "node").chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(install, "project_tools_folder", lambda: tmp_path / "tools")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert install.find_node() is None


def test_machine_without_node_and_wheel_is_told_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With no Node.js and no package index the error says what is missing, and nothing half-made is left."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(install, "project_tools_folder", lambda: tmp_path / "tools")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("AZURITE_JS", raising=False)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    with pytest.raises(install.StorageUnavailable, match=r"install Node\.js 20 or later, or Azurite"):
        install.azurite_command()
    assert list(install.user_cache_folder().iterdir()) == []

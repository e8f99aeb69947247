"""The command line of the starter: what is wrong is said before it listens."""

from pathlib import Path

import pytest

from batch_manager.errors import InputError
from starter.command import main, read_keys

GOOD = "k" * 32


def _words(tmp_path: Path, *more: str) -> list[str]:
    key_file = tmp_path / "keys"
    key_file.write_text(f"{GOOD}\n")
    return ["--workload", "workloads.water_network", "--pool", "p", "--key-file", str(key_file), *more]


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        (["--workload", "no_such_package"], 65, "no package 'no_such_package'"),
        (["--key-file", "/no/such/file"], 65, "cannot be read"),
        (["--setting", "x"], 65, "NAME=VALUE"),
        (["--limit", "pool-empty=soon"], 65, "pool-empty=soon"),
    ],
)
def test_mistake_in_the_command_line_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], more: list[str], code: int, said: str
) -> None:
    """With the exit code for it."""
    assert main(_words(tmp_path, *more)) == code
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("content", ["", "too-short", f"{GOOD}\nshort", "\u00e9" * 40])
def test_key_file_without_good_keys_is_refused(tmp_path: Path, content: str) -> None:
    """A key that can be guessed is none; the message repeats none either."""
    path = tmp_path / "keys"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match="key file") as caught:
        read_keys(path)
    assert "short" not in str(caught.value).replace(str(path), "")


def test_key_file_may_hold_two_keys(tmp_path: Path) -> None:
    """While the old one is replaced."""
    path = tmp_path / "keys"
    path.write_text(f"{GOOD}\n{'n' * 40}\n")
    assert read_keys(path) == [GOOD, "n" * 40]

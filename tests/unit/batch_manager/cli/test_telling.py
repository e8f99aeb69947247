"""What a command says of errors that are no bugs."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
import typer

from batch_manager.cli.telling import told
from batch_manager.exit_codes import ExitCode


def _failing(error: OSError) -> None:
    @told("nothing was changed")
    def command() -> None:
        raise error

    command()


@pytest.mark.parametrize(
    ("number", "code"),
    [(errno.ENOSPC, ExitCode.IO_ERROR), (errno.EACCES, ExitCode.IO_ERROR), (errno.ENOTDIR, ExitCode.BAD_INPUT)],
)
def test_what_the_disk_refuses_is_one_line(number: int, code: ExitCode, capsys: pytest.CaptureFixture[str]) -> None:
    """With the path, and no traceback."""
    with pytest.raises(typer.Exit) as end:
        _failing(OSError(number, "words", "there/x"))
    assert end.value.exit_code == code
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("batch-manager: the file system refused 'there/x': words")


def test_reader_that_has_enough_is_no_error_of_the_disk() -> None:
    """As of 'batch-manager list | head -1'; the frame ends the command."""
    with pytest.raises(BrokenPipeError):
        _failing(BrokenPipeError(errno.EPIPE, "Broken pipe"))


def test_folder_that_is_a_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As it is raised by the system itself."""
    (tmp_path / "file").touch()
    try:
        (tmp_path / "file" / "below").mkdir(parents=True)
    except OSError as error:
        with pytest.raises(typer.Exit):
            _failing(error)
    assert "give another path" in capsys.readouterr().err

"""A full run, searched for the secrets it used."""

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.acceptance.conftest import WORKLOADS, processes_naming, wait_for

CALLBACK = "http://127.0.0.1:9/callback?token=the-callback-token"
CALLBACK_SECRET = "whsec_" + "the0callback0secret0" * 2


def _holding(secret: str, folder: Path, allowed: set[str]) -> list[str]:
    """The files under a folder that hold a secret, but for those that may."""
    names = [path for path in folder.rglob("*") if path.is_file() and str(path.relative_to(folder)) not in allowed]
    return [str(path.relative_to(folder)) for path in names if secret.encode() in path.read_bytes()]


def _command_lines_and_environments(folder: Path) -> dict[str, bytes]:
    """Of the processes of a run, by command line."""
    found = {}
    for process in Path("/proc").iterdir():
        if process.name.isdecimal() and int(process.name) != os.getpid():
            try:
                words, environ = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
            except OSError:
                continue
            if os.fsencode(folder) in words + environ:
                found[words.replace(b"\0", b" ").decode()] = words + environ
    return found


def test_no_secret_of_a_run_is_in_a_command_line_setting_log_or_result(tmp_path: Path) -> None:
    """Keys lie in the folders for secrets alone, and the callback's URL in the blob store alone."""
    (tmp_path / "callback").write_text(CALLBACK)
    (tmp_path / "signing").write_text(CALLBACK_SECRET)
    temporary, results = tmp_path / "temporary", tmp_path / "results"
    temporary.mkdir()
    files = ["--callback-file", str(tmp_path / "callback"), "--callback-secret-file", str(tmp_path / "signing")]
    words = ["run", "chain", "--param", "how=wait", *files, "--keep"]
    process = subprocess.Popen(
        [sys.executable, "-m", "dispatcher", *words, "--results", str(results)],
        cwd=WORKLOADS,
        env={**os.environ, "TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    wait_for(lambda: any("chain task Part" in line for line in processes_naming(temporary)), "a task runs")
    (run,) = temporary.iterdir()
    batch_key = (run / "secrets" / "AZURE_BATCH_ACCESS_KEY").read_text()
    storage = dict(
        part.split("=", 1)
        for part in (run / "secrets" / "AZURE_STORAGE_CONNECTION_STRING").read_text().split(";")
        if part
    )
    shown = _command_lines_and_environments(temporary)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    for secret in (batch_key, storage["AccountKey"], "the-callback-token", "the0callback0secret0"):
        assert secret not in out
        holders = [line for line, text in shown.items() if secret.encode() in text and "azurite.js" not in line]
        assert holders == []
    secret_files = {"secrets/AZURE_BATCH_ACCESS_KEY", "secrets/AZURE_STORAGE_CONNECTION_STRING"}
    secret_files |= {"batch/secrets/batch_account_key", "batch/secrets/storage_link.json"}
    assert _holding(batch_key, run, secret_files) == []
    assert _holding(storage["AccountKey"], run, secret_files) == []
    for secret in ("the-callback-token", "the0callback0secret0"):
        in_blobs = _holding(secret, run, set())
        assert in_blobs
        assert all(name.startswith("azurite/") for name in in_blobs)

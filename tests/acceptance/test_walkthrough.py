"""The walk-through runs as it stands, and nothing of it shows a secret it used: no request, file, log or process."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import pytest

from dispatcher.receiver import CallbackReceiver
from tests.support.recording_proxy import Recorder, recording_proxy
from tests.support.wheelhouse import framework_wheelhouse

PAGE = Path(__file__).parents[2] / "docs" / "walkthrough.md"
SECONDS = 400
_WHERE_KEYS_ARE = re.compile(r"(batch/(accounts/\w+/)?secrets|secrets)/")
"""Below the service's folder: files of the user alone."""


@dataclass(frozen=True, kw_only=True)
class Walk:
    """The walk-through, done."""

    done: subprocess.CompletedProcess[str]
    home: Path
    recorder: Recorder
    processes: set[bytes]
    """The command lines that were seen, and, of processes that are no client's, the environments."""
    secrets: dict[str, str]


def _script(proxy: str, secrets: Path) -> str:
    """The page's commands, one after the other in one shell, and around them what the test needs to see."""
    blocks = re.findall(r"^```sh\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    script = "\n".join(blocks).replace("service start", "service start --port 0 --https-port 0")
    keep = f'printf "%s\\n" "$AZURE_BATCH_ACCESS_KEY" "$AZURE_STORAGE_CONNECTION_STRING" "$IDENTITY_HEADER" > {secrets}'
    listen = f"export HTTP_PROXY={proxy} http_proxy={proxy} NO_PROXY= no_proxy="
    script = script.replace("; set +a\nbatch-manager doctor", f"; set +a\n{keep}\n{listen}\nbatch-manager doctor")
    script = script.replace("--tag study=birds)", "--tag study=birds --callback-file ../callback)")
    return script.replace(
        "batch-manager local service stop", "unset HTTP_PROXY http_proxy\nbatch-manager local service stop"
    )


@contextmanager
def _processes_of(home: Path) -> Iterator[set[bytes]]:
    """Look again and again at which processes there are that know of a folder."""
    seen: set[bytes] = set()
    ended = Event()

    def look() -> None:
        while not ended.wait(0.05):
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    words, environ = (process / "cmdline").read_bytes(), (process / "environ").read_bytes()
                except OSError:
                    continue
                if os.fsencode(home) in environ + words:
                    is_client = b"AZURE_BATCH_ACCESS_KEY=" in environ and b"AZ_BATCH_NODE_ID=" not in environ
                    seen.add(words if is_client else words + b"\0" + environ)

    watcher = Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    """Do the whole page once, in a user's folder of the test's own."""
    home = tmp_path_factory.mktemp("home")
    environment = {
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "LANG": "C.UTF-8",
        **framework_wheelhouse(tmp_path_factory.mktemp("wheels")),
    }
    with CallbackReceiver() as receiver, recording_proxy() as (proxy, recorder), _processes_of(home) as processes:
        (home / "callback").write_text(receiver.url)
        done = subprocess.run(
            ["bash", "-e", "-c", _script(proxy, home / "used")],
            cwd=home,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        token = receiver.url.rpartition("/")[2]
    key, storage, header = (home / "used").read_text().splitlines() if (home / "used").exists() else ("", "", "")
    (home / "used").unlink(missing_ok=True)
    (home / "callback").unlink()
    account_key = dict(part.partition("=")[::2] for part in storage.split(";") if part).get("AccountKey", "")
    secrets = {"batch key": key, "storage key": account_key, "identity": header, "callback": token}
    return Walk(done=done, home=home, recorder=recorder, processes=processes, secrets=secrets)


def test_commands_of_the_page_run(walk: Walk) -> None:
    """One after the other, from an empty folder to nothing left."""
    assert walk.done.returncode == 0, walk.done.stdout[-4000:] + walk.done.stderr[-4000:]
    assert "all 7 tasks succeeded" in walk.done.stdout
    assert "is gone" in walk.done.stdout
    assert walk.done.stdout.endswith("has ended.\n")


def test_requests_were_seen(walk: Walk) -> None:
    """Else the next test could not fail."""
    lines = [text.partition(b"\n")[0] for text in walk.recorder.requests]
    assert any(line.startswith(b"POST") and b"/jobs?" in line for line in lines)
    assert any(b"/request.json" in line for line in lines)


@pytest.mark.parametrize("name", ["batch key", "storage key", "identity", "callback"])
def test_no_request_holds_a_secret(walk: Walk, name: str) -> None:
    """But the blob that FinalizeTask alone reads, which holds the callback's URL, and asking for a token."""
    found = walk.recorder.holding(walk.secrets[name])
    if name == "callback":
        assert found
        assert all("batch-manager/callback.json" in line for line in found)
    elif name == "identity":
        assert all("/msi/token" in line for line in found)
    else:
        assert found == []


@pytest.mark.parametrize("name", ["batch key", "storage key", "identity", "callback"])
def test_no_file_output_or_process_shows_a_secret(walk: Walk, name: str) -> None:
    """But the files that are there to keep it, and the storage account, which has the callback's blob."""
    secret = walk.secrets[name].encode()
    assert secret not in (walk.done.stdout + walk.done.stderr).encode()
    assert [text[:200] for text in walk.processes if secret in text and b"azurite" not in text] == []
    service = walk.home / ".local" / "state" / "azure-batch-manager" / "service"
    holders = [path for path in walk.home.rglob("*") if path.is_file() and secret in path.read_bytes()]
    others = [
        path
        for path in holders
        if not path.is_relative_to(service)
        or not (_WHERE_KEYS_ARE.match(str(path.relative_to(service))) or path.is_relative_to(service / "azurite"))
    ]
    assert others == []

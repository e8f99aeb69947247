"""The page about the callback, followed from its commands to its receiver's words."""

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from pathlib import Path

from tests.acceptance.conftest import Dispatch, wait_for

ROOT = Path(__file__).parents[2]


def _blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (ROOT / page).read_text(), re.DOTALL | re.MULTILINE)


def _make_workload(folder: Path) -> None:
    """The README's."""
    package = folder / "pi_workload"
    package.mkdir()
    (package / "__init__.py").touch()
    for name, text in zip(("__main__.py", "workload.py"), _blocks("README.md", "python"), strict=True):
        (package / name).write_text(text)
    shutil.copy(ROOT / "logging.yaml", package)


def test_receiver_of_the_page_is_told_by_the_run_of_the_page(dispatch: Dispatch, tmp_path: Path) -> None:
    """With a secret that the page's own command made."""
    run, make_secret = (block.strip() for block in _blocks("docs/callback.md", "sh"))
    environ = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run(["/bin/sh", "-e", "-c", make_secret], cwd=tmp_path, env=environ, check=True)
    (tmp_path / "receiver.py").write_text(_blocks("docs/callback.md", "python")[0])
    _make_workload(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    (tmp_path / "url.txt").write_text(f"http://127.0.0.1:{port}/")
    secret = (tmp_path / "secret.txt").read_text().strip()
    environ |= {"CALLBACK_SECRET": secret, "PYTHONPATH": str(ROOT)}
    words = [sys.executable, "receiver.py", str(port)]
    with subprocess.Popen(words, cwd=tmp_path, env=environ, stdout=subprocess.PIPE, text=True) as receiver:
        wait_for(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, "the receiver listens")
        ended = dispatch(*shlex.split(run)[3:], cwd=tmp_path)
        receiver.terminate()
        said = receiver.communicate()[0]
    assert ended.code == 0, ended.out + ended.err
    assert re.fullmatch(r"job pi-workload-\S+ succeeded: all 9 tasks succeeded\n", said)

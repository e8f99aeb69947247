"""The job's time limit in processes of their own, whatever the code under it does."""

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

HEAD = """
import signal, sys, time
from batch_manager.errors import TimeLimitError
from batch_manager.time_limit import TimeLimit
"""


def _run(tmp_path: Path, text: str) -> subprocess.CompletedProcess[str]:
    """A Python process that runs the text; what it prints is a pipe's, and so buffered."""
    script = tmp_path / "script.py"
    script.write_text(HEAD + textwrap.dedent(text))
    return subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=False)


INTERRUPTED = {
    "sleeps": "time.sleep(600)",
    "computes": "while True: pass",
    "waits for a child": "import subprocess; subprocess.run(['sleep', '600'])",
    "waits for a lock": "import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()",
    "reads": "import os; os.read(os.pipe()[0], 1)",
    "wraps what it catches": """
    try:
        time.sleep(600)
    except Exception as error:
        raise ValueError('the solver stopped') from error
""",
    "exits with a code of its own": """
    try:
        time.sleep(600)
    except Exception:
        sys.exit(3)
""",
}


@pytest.mark.parametrize("body", INTERRUPTED.values(), ids=INTERRUPTED.keys())
def test_time_limit_interrupts_whatever_runs(tmp_path: Path, body: str) -> None:
    """Any exception that comes of it is the time limit's."""
    text = (
        f"try:\n  with TimeLimit(time.time() + 0.3):\n    {body.strip()}\nexcept TimeLimitError as error: print(error)"
    )
    done = _run(tmp_path, text)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("the job's time limit was over at ")


def test_code_that_swallows_the_interrupt_is_ended(tmp_path: Path) -> None:
    """With the exit code of the time limit, and what it had printed."""
    text = """
    print('printed before')
    with TimeLimit(time.time() + 0.2, cleanup_seconds=0.3):
        while True:
            try:
                time.sleep(600)
            except Exception:
                pass
    """
    done = _run(tmp_path, text)
    assert (done.returncode, done.stdout) == (81, "printed before\n")
    assert "it did not stop when interrupted" in done.stderr


def test_code_that_cleans_up_in_time_is_left_alone(tmp_path: Path) -> None:
    """A finally block may write what there is."""
    text = """
    try:
        with TimeLimit(time.time() + 0.2):
            try:
                time.sleep(600)
            finally:
                time.sleep(0.1)
                print('cleaned up')
    except TimeLimitError:
        sys.exit(5)
    """
    assert (_run(tmp_path, text).returncode, _run(tmp_path, text).stdout) == (5, "cleaned up\n")


def test_code_that_succeeds_although_interrupted_has_succeeded(tmp_path: Path) -> None:
    """What it gives up is its own affair."""
    text = """
    with TimeLimit(time.time() + 0.2):
        try:
            time.sleep(600)
        except Exception:
            sys.exit(0)
    """
    assert _run(tmp_path, text).returncode == 0


def test_code_that_ends_in_time_meets_no_interrupt(tmp_path: Path) -> None:
    """The signal has its former meaning again, and no thread is left."""
    text = """
    import threading
    with TimeLimit(time.time() + 600):
        pass
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
    assert threading.active_count() == 1
    """
    done = _run(tmp_path, text)
    assert done.returncode == 0, done.stderr


def test_code_that_would_begin_too_late_does_not_begin(tmp_path: Path) -> None:
    """Not a line of it."""
    text = """
    try:
        with TimeLimit(time.time() - 1):
            print('began')
    except TimeLimitError:
        sys.exit(5)
    """
    done = _run(tmp_path, text)
    assert (done.returncode, done.stdout) == (5, "")


def test_thread_that_goes_on_keeps_no_process_longer_than_the_job(tmp_path: Path) -> None:
    """Python waits for it at its end."""
    text = """
    import threading
    from batch_manager.time_limit import end_process_at
    threading.Thread(target=time.sleep, args=(600,)).start()
    end_process_at(time.time() + 0.3, cleanup_seconds=0)
    print('printed before')
    """
    done = _run(tmp_path, text)
    assert (done.returncode, done.stdout) == (81, "printed before\n")
    assert "a thread of this process did not end" in done.stderr


def test_process_that_ends_by_itself_is_not_kept_until_the_time_limit(tmp_path: Path) -> None:
    """Nor is its exit code changed."""
    text = """
    from batch_manager.time_limit import end_process_at
    end_process_at(time.time() + 600)
    sys.exit(3)
    """
    assert _run(tmp_path, text).returncode == 3

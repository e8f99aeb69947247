"""What a process is told to do: ``where`` and ``how``, in its inputs.

It reads the environment itself, since it has to know before anything of the framework is imported.
"""

import json
import os
import signal
import sys
import threading
import time


class MuteError(Exception):
    """One whose message cannot be had."""

    def __str__(self) -> str:
        raise RuntimeError("not today")


def orders() -> dict[str, object]:
    """The inputs of this process."""
    given: dict[str, object] = json.loads(os.environ.get("BATCH_MANAGER_INPUTS", "{}"))
    return given


def obey(where: str) -> None:
    """Do what the process was told, if this is where."""
    given = orders()
    if given.get("where") == where:
        _WAYS[str(given["how"])]()


def _raise() -> None:
    raise ValueError("told to\nbreak")


def _input_error() -> None:
    from batch_manager import InputError

    raise InputError("told to refuse")


def _registration_error() -> None:
    from batch_manager.errors import RegistrationError

    raise RegistrationError("told to clash")


def _recurse() -> None:
    _recurse()


def _mute() -> None:
    raise MuteError


def _odd() -> None:
    raise OSError("no file b\udcff " + "x" * 5000)


def _no_memory() -> None:
    raise MemoryError


def _interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)


def _segfault() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def _sleep() -> None:
    time.sleep(600)


def _swallow() -> None:
    while True:
        try:
            time.sleep(600)
        except Exception:  # noqa: BLE001 - what this is a test of
            print("swallowed", flush=True)


def _linger() -> None:
    threading.Thread(target=time.sleep, args=(600,)).start()


def _flaky() -> None:
    """Works at the third try."""
    from batch_manager.errors import RetryableError

    with open("tries", "a+") as file:
        file.write("x")
        tries = file.tell()
    if tries < 3:
        raise RetryableError(f"the licence server was busy at try {tries}")


_WAYS = {
    "raise": _raise,
    "input-error": _input_error,
    "registration-error": _registration_error,
    "exit-0": lambda: sys.exit(0),
    "exit-3": lambda: sys.exit(3),
    "exit-80": lambda: sys.exit(80),
    "exit-81": lambda: sys.exit(81),
    "exit-text": lambda: sys.exit("no licence"),
    "recurse": _recurse,
    "mute": _mute,
    "odd": _odd,
    "no-memory": _no_memory,
    "interrupt": _interrupt,
    "abrupt": lambda: os._exit(7),
    "segfault": _segfault,
    "sleep": _sleep,
    "swallow": _swallow,
    "flaky": _flaky,
    "linger": _linger,
}

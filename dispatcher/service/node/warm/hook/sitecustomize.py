"""Makes a Python that is starting into a template: it goes no further, but its copies do, each as a task.

Python imports this by its name while it starts, before it looks at its folder or its main module. The template waits
here. A copy takes the place of a new process (session, streams, folder, environment, arguments) and leaves here as if
there were no such module; the interpreter itself then runs the main module, and ends as it always does.

It runs in the interpreter of the task, whichever that is, so it keeps to the language of Python 3.8 and loads nothing
that a new process might not have. What it is told and what it answers: ``messages.py`` of the package above.
"""

# ruff: noqa: PTH120 - pathlib is a module that a new process might not have

import _io
import _signal  # type: ignore[import-not-found]
import _socket
import atexit
import gc
import os
import posix
import site
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

VARIABLE = "DISPATCHER_WARM_START"
MOST_BYTES = 1 << 18
MOST_DESCRIPTORS = 3
NEVER_SHIELDED = ("sys", "builtins", "__main__")


class Shield:
    """Spares a copy, when it ends, to take apart what its template imported: most of what an ending costs."""

    def __init__(self) -> None:
        self.modules: list[tuple[str, object]] = []
        atexit.register(self.lower)  # before all others, so that it is called after them

    def raise_over(self, modules: "Iterable[tuple[str, object]]") -> None:
        self.modules += [item for item in modules if item[0] not in NEVER_SHIELDED]
        self.modules.append(("", self.modules))  # a circle of frozen objects, which nothing takes apart
        gc.collect()
        gc.freeze()

    def lower(self) -> None:
        for forget in getattr(sys.modules.get("typing"), "_cleanups", ()):
            forget()  # it may hold classes of the program longer than if the program had imported it
        if not self.modules:
            return
        for file in [one for one in gc.get_objects() if isinstance(one, _io._IOBase)]:
            flush(file)
        for name, module in self.modules:
            if sys.modules.get(name) is module:
                del sys.modules[name]


def flush(file: "_io._IOBase") -> None:
    try:
        if not file.closed:
            file.flush()
    except Exception:  # noqa: BLE001 - any class of files; at its end Python tells nobody either
        return


def main() -> None:
    """Be a template, and return in its copies alone."""
    control = _socket.socket(fileno=int(os.environ[VARIABLE]))
    loaded = set(sys.modules)
    shield = Shield()
    told = control.recv(MOST_BYTES).split(b"\0")
    control.send(b"\0".join(prepare([os.fsdecode(word) for word in told], shield, control)))
    control.settimeout(float(told[2]) or None)
    added = {name.partition(".")[0] for name in set(sys.modules) - loaded - {"sitecustomize"}}
    serve(control, added)


def prepare(told: "list[str]", shield: Shield, control: "_socket.socket") -> "list[bytes]":
    """Import what was asked for; return what to answer."""
    import _warm_template  # type: ignore[import-not-found]

    sys.path.remove(os.path.dirname(__file__))
    sys.path_importer_cache.pop(os.path.dirname(__file__), None)
    try:
        _warm_template.prepare(told, control)
        if told[0] == "imports":
            shield.raise_over(sys.modules.items())
        else:
            gc.collect()
        return [b"ready", *map(os.fsencode, _warm_template.watched())]
    except BaseException as error:  # noqa: BLE001 - any module may raise anything: this is no template then
        reason = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        return [b"refused", reason.replace("\0", " ")[:1000].encode("utf-8", "replace")]
    finally:
        del sys.modules["_warm_template"]


def serve(control: "_socket.socket", added: "set[str]") -> None:
    """Do what is asked until nobody can ask any more; return in copies alone."""
    while True:
        words, descriptors = receive(control)
        if words[0] == b"collect":
            control.send(collect(int(words[1])))
        elif fork() == 0:
            control.close()
            become(words[1:], descriptors, added)
            return
        for descriptor in descriptors:
            os.close(descriptor)


def receive(control: "_socket.socket") -> "tuple[list[bytes], list[int]]":
    space = _socket.CMSG_SPACE(MOST_DESCRIPTORS * 4)
    while True:
        try:
            data, others, _, _ = control.recvmsg(MOST_BYTES, space, _socket.MSG_CMSG_CLOEXEC)
            break
        except _socket.timeout:
            if not has_copies():
                os._exit(0)
    if not data:
        os._exit(0)
    numbers = b"".join(other[2] for other in others)
    places = range(0, len(numbers), 4)
    return data.split(b"\0"), [int.from_bytes(numbers[at : at + 4], sys.byteorder) for at in places]


def has_copies() -> bool:
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def collect(pid: int) -> bytes:
    try:
        _, status, used = os.wait4(pid, 0)
    except ChildProcessError:
        return b"unknown"
    return f"{status} {used.ru_utime!r} {used.ru_stime!r} {used.ru_inblock} {used.ru_oublock}".encode()


def fork() -> int:
    try:
        return os.fork()
    except OSError:
        return -1  # the gate closes without a number


def become(words: "list[bytes]", descriptors: "list[int]", added: "set[str]") -> None:
    """Make a copy what a new process is just before it looks for its main module."""
    try:
        gate, output, errors = descriptors
        os.setsid()
        for descriptor, number in ((output, 1), (errors, 2)):
            os.dup2(descriptor, number)
            os.close(descriptor)
        program, folder, own, count = words[0], words[1], int(words[2]), int(words[3])
        arguments, variables = words[4 : 4 + count], [word.partition(b"=") for word in words[4 + count :]]
        environment = {name: value for name, _, value in variables}
        os.chdir(folder)
        replace_environment(environment)
        replace_arguments([os.fsdecode(argument) for argument in arguments], own)
        is_cold = hides(added, arguments[count - own - 1]) or has_user_site()
        renew()
        os.write(gate, str(os.getpid()).encode())
        os.close(gate)
    except BaseException:  # noqa: BLE001 - nobody is above who could be told
        try:
            os.write(descriptors[0], b"-")
        finally:
            os._exit(127)
    if is_cold:
        for number in (_signal.SIGPIPE, _signal.SIGXFSZ):  # which Python ignores, and what it starts would too
            _signal.signal(number, _signal.SIG_DFL)
        os.execve(program, arguments, environment)


def replace_environment(environment: "dict[bytes, bytes]") -> None:
    os.environ.clear()
    os.environb.update(environment)
    posix.environ.clear()
    posix.environ.update(environment)


def replace_arguments(arguments: "list[str]", own: int) -> None:
    if hasattr(sys, "orig_argv"):
        sys.orig_argv[:] = arguments
    sys.argv[1:] = arguments[len(arguments) - own :]


def hides(added: "set[str]", target: bytes) -> bool:
    """Tell whether the folder that a new process would look in first has something by the name of a loaded module."""
    folder = os.path.dirname(os.path.realpath(target)) if target.startswith(b"/") else b"."
    try:
        return any(os.fsdecode(name).partition(".")[0] in added for name in os.listdir(folder))
    except OSError:
        return True


def has_user_site() -> bool:
    site.USER_BASE = site.USER_SITE = None
    return os.path.isdir(site.getusersitepackages()) and bool(site.ENABLE_USER_SITE)


def renew() -> None:
    """Set what modules of the standard library noted at their import and do not set themselves after a fork."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = type(main)("__main__")  # one that is not frozen
    sys.modules["__main__"].__dict__.update(main.__dict__)
    threading: Any = sys.modules.get("threading")
    if threading is not None:
        threading.main_thread()._set_native_id()
    logging: Any = sys.modules.get("logging")
    if logging is not None:
        logging._startTime = time.time() if isinstance(logging._startTime, float) else time.time_ns()


try:
    main()
except BaseException:  # noqa: BLE001 - a template never goes on to run the program itself
    os._exit(1)
raise ImportError("a copy of a template goes on", name="sitecustomize")

"""What a template imports, and whether its copies can then stand for new processes. See ``sitecustomize.py``."""

# ruff: noqa: PTH120 - pathlib is a module that a new process might not have

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    import _socket
    from collections.abc import Iterator
    from typing import Any


class Refused(Exception):  # noqa: N818 - it says what happened
    """Copies would not be what new processes are; the message says why."""


class Watching(os._Environ):  # type: ignore[type-arg]
    """The environment while modules are imported: notes what they look at."""

    looked_at: "set[str]" = set()

    def __getitem__(self, key: "Any") -> "Any":
        Watching.looked_at.add(os.fsdecode(key))
        return super().__getitem__(key)

    def __iter__(self) -> "Iterator[Any]":
        Watching.looked_at.add("*")
        return super().__iter__()

    def copy(self) -> "dict[Any, Any]":
        Watching.looked_at.add("*")
        return super().copy()


def prepare(told: "list[str]", control: "_socket.socket") -> None:
    """Import what was asked for.

    Raises:
        Refused: something other than modules came of it.
        Exception: what the modules raise.
    """
    level, target, own, modules = told[0], told[1], told[3].split(), told[4:]
    refuse_customized()
    path, folder, environment = list(sys.path), os.getcwd(), dict(os.environ)
    plain: Any = type(os.environ)
    os.environ.__class__ = os.environb.__class__ = Watching
    try:
        for name in modules:
            import_if_there(name)
        if level == "imports":
            import_what_begins(target)
            os.register_at_fork(after_in_child=reseed)
    finally:
        os.environ.__class__ = os.environb.__class__ = plain
    if sys.path != path or os.getcwd() != folder or dict(os.environ) != environment:
        raise Refused("its modules change sys.path, the folder or the environment while they are imported")
    refuse_written()
    refuse_read(own)
    refuse_busy(control)


def refuse_customized() -> None:
    finder = sys.modules["_frozen_importlib_external"].PathFinder
    for name in ("sitecustomize", "usercustomize"):
        if finder.find_spec(name) is not None:
            raise Refused(f"there is a module {name}, which each process has to run itself")


def refuse_written() -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    if os.fstat(1).st_size or os.fstat(2).st_size:
        raise Refused("its modules write to standard output or error while they are imported")


def refuse_read(own: "list[str]") -> None:
    for name in sorted(Watching.looked_at):
        if name in ("*", "HOME") or name.startswith(tuple(own)):
            what = "the whole environment" if name == "*" else name
            raise Refused(f"its modules look at {what}, which each task has its own of, while they are imported")


def refuse_busy(control: "_socket.socket") -> None:
    if len(os.listdir("/proc/self/task")) != 1:
        raise Refused("its modules start threads while they are imported")
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        pass
    else:
        raise Refused("its modules start processes while they are imported")
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in (0, 1, 2, control.fileno()) and os.path.lexists("/proc/self/fd/" + name):
            raise Refused("its modules keep files open after they are imported")


def import_if_there(name: str) -> None:
    try:
        __import__(name)
    except ModuleNotFoundError as error:
        if error.name is None or not (name + ".").startswith(error.name + "."):
            raise


def import_what_begins(target: "Any") -> None:
    """Run the import statements that a main module begins with, as far as the first statement of another kind."""
    import ast
    from importlib.util import decode_source, find_spec

    package = None
    name = target
    if not target.startswith("/"):
        spec = find_spec(target)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = find_spec(target + ".__main__")
        if spec is None or not spec.has_location:
            return
        target, name, package = spec.origin, spec.name, spec.parent
    with open(target, "rb") as file:
        tree = ast.parse(decode_source(file.read()), target)
    body = tree.body[1:] if ast.get_docstring(tree, clean=False) is not None else tree.body
    others = [number for number, node in enumerate(body) if not isinstance(node, (ast.Import, ast.ImportFrom))]
    tree.body = body[: others[0]] if others else body
    exec(compile(tree, target, "exec"), {"__name__": "__warm_start__", "__package__": package})
    if name in sys.modules:
        raise Refused(f"its modules import {name}, the main module")


def reseed() -> None:
    """Let a copy draw numbers of its own; the standard library sees to that itself."""
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()


def watched() -> "list[str]":
    """Return the files and folders whose change makes a template outdated; the standard library's do not change."""
    library = os.path.dirname(os.__file__)
    found = {sys.executable, os.path.join(os.path.dirname(os.path.dirname(sys.executable)), "pyvenv.cfg")}
    for folder in sys.path:
        found.add(folder)
        if os.path.isdir(folder):
            found.update(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".pth"))
    for name, module in list(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str) and name != __name__ and (not file.startswith(library) or "-packages" in file):
            found.update((file, os.path.dirname(file)))
    return sorted(found - {os.path.dirname(__file__), sys.modules["sitecustomize"].__file__})

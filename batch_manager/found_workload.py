"""Finds a workload by the name that ``python -m`` takes."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import json
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from batch_manager.client import BatchClient
from batch_manager.environment import JsonValue
from batch_manager.errors import DefinitionError, InputError
from batch_manager.workload import WorkloadBase


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundWorkload:
    """A workload's class, and what a node's process needs to start it."""

    module: str
    """What ``python -m`` runs."""
    workload_type: type[WorkloadBase]
    import_root: Path
    """The folder that must be on Python's path for ``module`` to be found."""

    def make(self, client: BatchClient) -> WorkloadBase:
        """The workload.

        Raises:
            DefinitionError: its constructor raised; the message has the traceback.
        """
        constructor: Callable[..., WorkloadBase] = self.workload_type
        try:
            return constructor(batch_client=client)
        except Exception as error:
            raise DefinitionError(_told(error, f"{self.workload_type.__name__}(batch_client=...) raised")) from error


def find_workload(module: str) -> FoundWorkload:
    """Import a workload's package and find its class: the one subclass of ``WorkloadBase`` in the package or in its
    module
    ``workload``.

    Raises:
        InputError: there is no such package, it has no ``__main__``, or it does not hold exactly one workload.
        DefinitionError: importing it raised; the message has the traceback.
    """
    if not all(part.isidentifier() for part in module.split(".")):
        raise InputError(f"{module!r} is not a package's name: give it with dots, such as workloads.water_network")
    package = _import(module)
    if package.__spec__ is None or package.__spec__.submodule_search_locations is None:
        raise InputError(f"{module!r} is a module, not a package: a workload is a package with a __main__.py")
    if importlib.util.find_spec(f"{module}.__main__") is None:
        raise InputError(f"{module!r} has no __main__.py, so that no node can start it with 'python -m {module}'")
    types = _workload_types(package)
    if not types and importlib.util.find_spec(f"{module}.workload") is not None:
        types = _workload_types(_import(f"{module}.workload"))
    if len(types) != 1:
        found = ", ".join(sorted(t.__name__ for t in types)) or "none"
        raise InputError(
            f"{module!r} must hold one subclass of WorkloadBase, in its __init__.py or in workload.py; found: {found}"
        )
    return FoundWorkload(module=module, workload_type=types.pop(), import_root=_import_root(package))


def parse_parameters(words: Iterable[str]) -> dict[str, JsonValue]:
    """``name=value`` words as the job's parameters. A value that is JSON is taken as such, any other as a string.

    Raises:
        InputError: a word has no ``=`` or no name, or a name comes twice.
    """
    parameters: dict[str, JsonValue] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name:
            raise InputError(f"the parameter {word!r} is not of the form NAME=VALUE")
        if name in parameters:
            raise InputError(f"the parameter {name!r} is given twice")
        try:
            parameters[name] = json.loads(value)
        except ValueError:
            parameters[name] = value
    return parameters


def _import(module: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise InputError(
                f"{module!r} cannot be imported: it needs {error.name!r}, which is not installed"
            ) from error
        raise InputError(
            f"there is no package {error.name!r} here; run the command in the folder that holds it, "
            "and give its name with dots, such as workloads.water_network"
        ) from None
    except Exception as error:
        raise DefinitionError(_told(error, f"{module!r} cannot be imported")) from error


def _told(error: Exception, what: str) -> str:
    """What happened, with the traceback from the first line of the user's own code on."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith("<frozen") and frame.filename not in _OUR_FRAMES]
    shown = "".join([*traceback.format_list(own), *traceback.format_exception_only(error)])
    return f"{what}:\n{shown}".rstrip()


_OUR_FRAMES = {__file__, importlib.__file__}


def _workload_types(module: ModuleType) -> set[type[WorkloadBase]]:
    return {
        value
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, WorkloadBase) and value is not WorkloadBase
    }


def _import_root(package: ModuleType) -> Path:
    folder = Path(next(iter(package.__path__))).resolve()
    return folder.parents[package.__name__.count(".")]

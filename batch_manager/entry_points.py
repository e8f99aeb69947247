"""The task types of a workload, by name, each with the builder that makes it on a node."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from batch_manager.errors import RegistrationError
from batch_manager.task import WorkloadTask, WorkloadTaskBuilder

TTask = TypeVar("TTask", bound=WorkloadTask)


class EntryPointsRepository:
    """Which tasks a workload has. A task's name is its class name, so that it can stand on a command line."""

    def __init__(self) -> None:
        self._builders: dict[str, type[WorkloadTaskBuilder[Any]]] = {}
        self._types: dict[str, type[WorkloadTask]] = {}

    def register_entry_point(self, task_type: type[TTask], builder_type: type[WorkloadTaskBuilder[TTask]]) -> None:
        """Make a task known, with the builder of that very type. Registering the same pair again changes nothing.

        Raises:
            RegistrationError: the name is taken by another class, or by the same class with another builder.
        """
        name = task_type.__name__
        known = self._types.get(name)
        if known is not None and (known, self._builders[name]) != (task_type, builder_type):
            raise RegistrationError(
                f"a task named {name!r} is registered already ({known.__module__}.{known.__qualname__} with "
                f"{self._builders[name].__qualname__}); rename one of the two classes"
            )
        self._types[name] = task_type
        self._builders[name] = builder_type

    def name_of(self, task_type: type[WorkloadTask]) -> str:
        """The name a task type is registered under.

        Raises:
            RegistrationError: it is not registered.
        """
        name = task_type.__name__
        if self._types.get(name) is not task_type:
            raise self._unknown(name)
        return name

    def builder_type(self, name: str) -> type[WorkloadTaskBuilder[Any]]:
        """The builder registered for a name.

        Raises:
            RegistrationError: there is none.
        """
        try:
            return self._builders[name]
        except KeyError:
            raise self._unknown(name) from None

    def task_type(self, name: str) -> type[WorkloadTask]:
        """The task registered under a name.

        Raises:
            RegistrationError: there is none.
        """
        try:
            return self._types[name]
        except KeyError:
            raise self._unknown(name) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def _unknown(self, name: str) -> RegistrationError:
        known = ", ".join(sorted(self._types)) or "none"
        return RegistrationError(
            f"no task named {name!r} is registered; registered are: {known}. "
            "Register it in the workload's constructor with register_task(TaskType, TaskBuilderType)."
        )

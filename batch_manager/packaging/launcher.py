"""How a task's command line starts Python out of an application package.

Batch starts command lines without a shell, so a shell has to be asked to look up the variable that names the package's
folder. A file's mode may be lost when Batch unpacks a package: the start script is always given to a shell.
"""

from __future__ import annotations

import re

from batch_manager.packaging.names import check_application, check_version

VARIABLE = "AZ_BATCH_APP_PACKAGE_"
"""The variable's name begins so (Azure Batch, application packages)."""
START_LINUX = "start.sh"
START_WINDOWS = "start.cmd"

_FLATTENED = re.compile(r"[.\-#]")


def package_launcher(application_id: str, version: str | None, *, windows: bool = False) -> str:
    """The launcher for ``command_line.encode``: ``<launcher> -m <workload> ...`` runs what the package holds.

    Args:
        application_id: the application, by its short id.
        version: its version; None for the one that is the default when the task starts.
        windows: whether the nodes run Windows.

    Raises:
        InputError: the id or the version is none that this project makes.
    """
    variable = package_variable(application_id, version, windows=windows)
    if windows:  # 'call', as cmd takes the first and the last quote away from a line that begins with one
        return f'cmd /c call "%{variable}%\\{START_WINDOWS}"'
    return f"""/bin/sh -c 'exec /bin/sh "${variable}/{START_LINUX}" "$@"' start"""


def package_variable(application_id: str, version: str | None, *, windows: bool = False) -> str:
    """The name of the variable that holds the package's folder on a node."""
    name = check_application(application_id)
    if version is not None:
        name = f"{name}#{check_version(version)}"
    return VARIABLE + (name if windows else _FLATTENED.sub("_", name))

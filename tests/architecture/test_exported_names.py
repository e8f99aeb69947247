"""What users may import is what is documented, and nothing is loaded before it is used."""

import ast
import subprocess
import sys
from pathlib import Path

import batch_manager

ISSUED_NAMES = {
    "Application",
    "BatchClientFactory",
    "BatchClientSettings",
    "FinalizeTask",
    "InputFileSpecification",
    "JobManager",
    "JobManagerBuilder",
    "OutputFileSpecification",
    "TaskSpecification",
    "WorkloadBase",
    "WorkloadTask",
    "WorkloadTaskBuilder",
    "setup_logging",
}


def test_names_that_users_rely_on_are_exported() -> None:
    """They may not be renamed."""
    assert set(batch_manager.__all__) >= ISSUED_NAMES


def test_every_exported_name_can_be_imported() -> None:
    """The lazy table has no stale entry."""
    assert all(getattr(batch_manager, name) is not None for name in batch_manager.__all__)


def test_type_checkers_see_the_names_that_exist() -> None:
    """The block a checker reads and the list that is exported are one."""
    tree = ast.parse(Path(batch_manager.__file__).read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.name for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert seen == set(batch_manager.__all__)


def test_importing_the_package_loads_none_of_its_modules() -> None:
    """A name costs when it is used."""
    script = "import sys, batch_manager; print([m for m in sys.modules if m.startswith('batch_manager.')])"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"

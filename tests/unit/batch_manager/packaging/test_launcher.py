"""How a command line starts Python out of a package."""

import shlex

import pytest

from batch_manager.command_line import NodeCommand, Role, decode_line, encode
from batch_manager.errors import InputError
from batch_manager.packaging.launcher import package_launcher
from batch_manager.packaging.names import application_id, check_version, parse_version


def test_linux_launcher_asks_a_shell_for_the_flattened_variable() -> None:
    """A version's dots and hyphens are underscores in the variable's name on Linux."""
    words = shlex.split(package_launcher("pi", "1.0.0-rc.1"))
    assert words == ["/bin/sh", "-c", 'exec /bin/sh "$AZ_BATCH_APP_PACKAGE_pi_1_0_0_rc_1/start.sh" "$@"', "start"]


def test_windows_launcher_names_the_variable_as_it_is_spelled_there() -> None:
    """Windows nodes keep the version's spelling after '#', and the line does not begin with a quote."""
    assert package_launcher("pi", "1.0.0", windows=True) == 'cmd /c call "%AZ_BATCH_APP_PACKAGE_pi#1.0.0%\\start.cmd"'


def test_launcher_of_the_default_version_names_no_version() -> None:
    """A reference without a version has a variable without one."""
    assert '"$AZ_BATCH_APP_PACKAGE_pi/start.sh"' in package_launcher("pi", None)
    assert "%AZ_BATCH_APP_PACKAGE_pi%" in package_launcher("pi", None, windows=True)


def test_command_line_with_the_launcher_is_read_back() -> None:
    """What reads command lines knows a task that is started out of a package."""
    line = encode(package_launcher("pi", "1.0.0"), NodeCommand(Role.TASK, module="pi", task_name="Throw"))
    assert decode_line(line) == NodeCommand(Role.TASK, module="pi", task_name="Throw")


@pytest.mark.parametrize("application", ["Pi", "pi-1", "", "a" * 65, 'pi";'])
def test_launcher_refuses_an_id_that_is_none(application: str) -> None:
    """An id goes into a shell's line, so nothing but letters, digits and '_' may be in it."""
    with pytest.raises(InputError, match="application id"):
        package_launcher(application, "1.0.0")


def test_application_id_is_the_last_word_in_lower_case() -> None:
    """The package around a workload says nothing about it."""
    assert application_id("workloads.Water_Network") == "water_network"


@pytest.mark.parametrize("version", ["1.0", "v1.0.0", "1.0.0+build", "01.0.0", "1.0.0-RC", "1.0.0-", "1.0.0\n"])
def test_version_that_is_none_is_refused(version: str) -> None:
    """A version is what Semantic Versioning and Batch both take."""
    with pytest.raises(InputError, match="version"):
        check_version(version)


def test_versions_have_the_order_of_semantic_versioning() -> None:
    """A release stands after its candidates, whose numbers are compared as numbers."""
    texts = ["0.9.9", "1.0.0-alpha", "1.0.0-rc.2", "1.0.0-rc.10", "1.0.0", "1.0.1"]
    assert [str(version) for version in sorted(parse_version(text) for text in reversed(texts))] == texts

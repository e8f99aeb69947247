"""How packages are named to tasks."""

import pytest

from dispatcher.service.node.launch import ApplicationPackage
from dispatcher.service.node.packages import Installed, package_environment


def _installed(application: str, version: str, *, is_default: bool = False) -> Installed:
    package = ApplicationPackage(application_id=application, version=version, is_default=is_default, url="http://x/y")
    return Installed(package=package, folder=f"/root/applications/{application}{version}")


@pytest.mark.parametrize(
    ("application", "version", "variable"),
    [
        ("blender", "2.79", "AZ_BATCH_APP_PACKAGE_blender_2_79"),
        ("my-App", "1.0-beta#2", "AZ_BATCH_APP_PACKAGE_my_App_1_0_beta_2"),
    ],
)
def test_variable_is_spelled_as_on_linux(application: str, version: str, variable: str) -> None:
    """Dots, hyphens and number signs become underscores; letters keep their case."""
    folder = f"/root/applications/{application}{version}"
    assert package_environment([_installed(application, version)]) == {variable: folder}


def test_default_version_has_a_variable_without_it() -> None:
    """So that a command line need not change with the version."""
    variables = package_environment([_installed("blender", "2.79", is_default=True)])
    assert set(variables) == {"AZ_BATCH_APP_PACKAGE_blender", "AZ_BATCH_APP_PACKAGE_blender_2_79"}


def test_of_versions_spelled_alike_the_later_counts() -> None:
    """As any two values of one variable."""
    variables = package_environment([_installed("a", "1.0"), _installed("a", "1_0")])
    assert variables == {"AZ_BATCH_APP_PACKAGE_a_1_0": "/root/applications/a1_0"}

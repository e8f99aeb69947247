"""Which version of an application a job brings."""

from typing import cast

import pytest

from batch_manager.account_management import AccountManagement, ApplicationFacts
from batch_manager.command_line import NodeCommand, Role, decode_line, encode
from batch_manager.errors import ConfigurationError, InputError
from batch_manager.specification import ApplicationPackageReference
from batch_manager.submitting import choose_package, launcher_of
from batch_manager.testing import InMemoryBatchClient

PI = ApplicationPackageReference(application_id="pi", version="1.0.0")


class Management:
    """Knows one default version."""

    def __init__(self, default: str | None) -> None:
        self.default = default

    def find_application(self, application_id: str) -> ApplicationFacts:
        return ApplicationFacts(id=application_id, default_version=self.default)


def _choose(word: str, versions: list[str], default: str | None = None) -> ApplicationPackageReference:
    client = InMemoryBatchClient()
    client.put_package("pi", versions)
    return choose_package(word, client, lambda: cast("AccountManagement", Management(default)))


def test_version_that_is_given_is_taken() -> None:
    """If it can be used."""
    assert _choose("pi:1.0.0", ["1.0.0", "2.0.0"], "2.0.0") == PI


def test_default_version_is_resolved_once() -> None:
    """A default that changes while the job runs changes nothing of it."""
    assert _choose("pi", ["1.0.0", "2.0.0"], "1.0.0") == PI


def test_only_version_needs_no_default() -> None:
    """Nobody is asked for it."""
    client = InMemoryBatchClient()
    client.put_package("pi", ["1.0.0"])
    assert choose_package("pi", client, pytest.fail) == PI


@pytest.mark.parametrize(
    ("word", "versions", "default", "said"),
    [
        ("pi:3.0.0", ["1.0.0", "2.0.0"], None, r"'3.0.0' of application 'pi' cannot be used; these can: 1.0.0, 2.0.0"),
        ("pi", ["1.0.0", "2.0.0"], None, "no default version; give one: --package pi:VERSION"),
        ("pi", ["1.0.0", "2.0.0"], "3.0.0", "'3.0.0' of application 'pi' cannot be used"),
        ("pi", [], None, "no application 'pi' with a version that can be used"),
        ("pi:", ["1.0.0"], None, "''"),
        ("Pi:1.0.0", ["1.0.0"], None, "'Pi'"),
    ],
)
def test_package_that_cannot_be_used_is_refused(word: str, versions: list[str], default: str | None, said: str) -> None:
    """With those that can."""
    with pytest.raises(InputError, match=said):
        _choose(word, versions, default)


def test_default_that_cannot_be_asked_for_names_the_settings_and_the_way_round() -> None:
    """Resource Manager needs more settings than Batch."""
    client = InMemoryBatchClient()
    client.put_package("pi", ["1.0.0", "2.0.0"])

    def missing() -> AccountManagement:
        raise ConfigurationError("subscription_id is not set")

    with pytest.raises(ConfigurationError, match=r"subscription_id is not set; or give one: --package pi:VERSION"):
        choose_package("pi", client, missing)


@pytest.mark.parametrize("windows", [False, True])
def test_launcher_of_a_package_makes_command_lines_that_are_understood(windows: bool) -> None:
    """The round trip by which the outcome knows the tasks."""
    command = NodeCommand(Role.TASK, module="workloads.pi", task_name="Throw")
    assert decode_line(encode(launcher_of(PI, windows=windows), command)) == command

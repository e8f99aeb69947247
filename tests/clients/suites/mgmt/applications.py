"""Applications and their packages, up to the node that has them installed."""

from __future__ import annotations

from azure.batch import BatchClient
from azure.batch import models as batch
from azure.mgmt.batch import BatchManagementClient, models

from tests.clients.suites.mgmt.support import Place, pool_of, publish, refused, upload
from tests.clients.suites.support import shell, wait_until


def test_application_has_a_life(client: BatchManagementClient, place: Place, name: str) -> None:
    """Made, shown, updated, listed, deleted."""
    options = models.ApplicationProperties(display_name="First", allow_updates=True)
    client.application.create(*place, name, models.Application(properties=options))
    assert client.application.get(*place, name).properties.display_name == "First"
    again = models.Application(properties=models.ApplicationProperties(display_name="Second"))
    client.application.update(*place, name, again)
    assert client.application.get(*place, name).properties.display_name == "Second"
    assert name in [found.name for found in client.application.list(*place)]
    client.application.delete(*place, name)
    with refused(404):
        client.application.get(*place, name)


def test_package_is_pending_until_it_is_activated(client: BatchManagementClient, place: Place, name: str) -> None:
    """And cannot be before something lies where it was to be uploaded."""
    client.application.create(*place, name)
    package = client.application_package.create(*place, name, "1.0")
    assert package.properties.state == "Pending"
    activation = models.ActivateApplicationPackageParameters(format="zip")
    with refused(409):
        client.application_package.activate(*place, name, "1.0", activation)
    upload(package.properties.storage_url, b"no zip")
    publish(client, place, name, "1.0", word="hello")
    assert client.application_package.get(*place, name, "1.0").properties.state == "Active"
    assert [found.name for found in client.application_package.list(*place, name)] == ["1.0"]
    client.application_package.delete(*place, name, "1.0")
    client.application.delete(*place, name)


def test_data_plane_shows_what_is_active(
    client: BatchManagementClient, data_plane: BatchClient, place: Place, name: str
) -> None:
    """An application without an active version is not there yet."""
    client.application.create(*place, name)
    assert name not in [found.id for found in data_plane.list_applications()]
    publish(client, place, name, "1.0", word="hello")
    assert data_plane.get_application(name).versions == ["1.0"]


def test_package_of_a_pool_is_installed_and_may_not_be_deleted(
    client: BatchManagementClient, data_plane: BatchClient, place: Place
) -> None:
    """Its tasks find the folder by a variable."""
    application = "tool"
    client.application.create(*place, application)
    publish(client, place, application, "2.0", word="hello")
    account_id = client.batch_account.get(*place).id
    reference = models.ApplicationPackageReference(id=f"{account_id}/applications/{application}", version="2.0")
    client.pool.create(*place, "mgmt-tool", pool_of(1, application_packages=[reference]))
    with refused(409):
        client.application_package.delete(*place, application, "2.0")
    info = batch.BatchPoolInfo(pool_id="mgmt-tool")
    data_plane.create_job(batch.BatchJobCreateOptions(id="mgmt-tool", pool_info=info))
    command = shell('cat "$AZ_BATCH_APP_PACKAGE_tool_2_0/word"')
    data_plane.create_task("mgmt-tool", batch.BatchTaskCreateOptions(id="reader", command_line=command))
    wait_until(lambda: data_plane.get_task("mgmt-tool", "reader").state == "completed")
    assert b"".join(data_plane.download_task_file("mgmt-tool", "reader", "stdout.txt")) == b"hello"
    data_plane.begin_delete_job("mgmt-tool", polling_interval=0).wait()
    client.pool.begin_delete(*place, "mgmt-tool").wait()


def test_package_of_a_task_is_installed(client: BatchManagementClient, data_plane: BatchClient, place: Place) -> None:
    """The default version has a variable without a version."""
    application = "taskstool"
    client.application.create(*place, application)
    publish(client, place, application, "1", word="default")
    default = models.Application(properties=models.ApplicationProperties(default_version="1"))
    client.application.update(*place, application, default)
    client.pool.create(*place, "mgmt-task", pool_of(1))
    info = batch.BatchPoolInfo(pool_id="mgmt-task")
    data_plane.create_job(batch.BatchJobCreateOptions(id="mgmt-task", pool_info=info))
    task = batch.BatchTaskCreateOptions(
        id="reader",
        command_line=shell('cat "$AZ_BATCH_APP_PACKAGE_taskstool/word"'),
        application_package_references=[batch.BatchApplicationPackageReference(application_id=application)],
    )
    data_plane.create_task("mgmt-task", task)
    wait_until(lambda: data_plane.get_task("mgmt-task", "reader").state == "completed")
    assert b"".join(data_plane.download_task_file("mgmt-task", "reader", "stdout.txt")) == b"default"
    data_plane.begin_delete_job("mgmt-task", polling_interval=0).wait()
    client.pool.begin_delete(*place, "mgmt-task").wait()

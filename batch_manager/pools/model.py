"""What may stand in a pool file, declared with pydantic. Imported when one is read; makes docs/pool.schema.json.

Keys are in the project's own spelling; docs/pools.md shows each of them. No key takes a password, a key or a SAS: where
one is needed, a key that ends in ``_file`` names the file that holds it.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, WithJsonSchema

from batch_manager.pools.times import read_time


class Part(BaseModel):
    """An object of a pool file: no key that is not known, and no value of another type."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


def _pattern(pattern: str, most: int) -> Any:
    return StringConstraints(pattern=pattern, max_length=most)


Text = Annotated[str, StringConstraints(min_length=1)]
Id = Annotated[str, _pattern(r"^[A-Za-z0-9_-]+$", 64)]
ArmId = Annotated[str, _pattern(r"^/subscriptions/[^\s]+$", 2048)]
Package = Annotated[str, _pattern(r"^[A-Za-z0-9_-]{1,64}(:[A-Za-z0-9._-]{1,64})?$", 129)]
Time = Annotated[
    timedelta, BeforeValidator(read_time), WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,6}[smhd]$"})
]
Nodes = Annotated[int, Field(ge=0, le=100_000)]


class Image(Part):
    """What the nodes' machines are made of: a Marketplace image, or one of a gallery or your own."""

    publisher: Text | None = Field(None, description="Of a Marketplace image; 'batch-manager pool images' lists them.")
    offer: Text | None = Field(None, description="Of a Marketplace image.")
    sku: Text | None = Field(None, description="Of a Marketplace image.")
    version: Text = Field("latest", description="Of a Marketplace image.")
    id: (
        Annotated[str, _pattern(r"^/(subscriptions|sharedGalleries|communityGalleries|CommunityGalleries)/\S+$", 2048)]
        | None
    ) = Field(
        None, description="ARM id of an image or of an image of a gallery, or the id of a shared or community one."
    )
    node_agent: Text | None = Field(
        None, description="Node agent; needed with id alone, else it is found from the image."
    )
    allow_unverified: bool = Field(False, description="Take an image that Microsoft has not tested with the agent.")


class FixedScale(Part):
    """So many nodes, until the pool is resized."""

    dedicated: Nodes = Field(0, description="Nodes that are not taken away.")
    spot: Nodes = Field(0, description="Cheap nodes that Azure may take away at any time.")
    timeout: Time = Field(timedelta(minutes=15), description="How long Batch tries to get them; 5m at least.")


class Autoscale(Part):
    """Nodes as a formula says."""

    name: Text | None = Field(None, description="One of the formulas of docs/autoscale.md, such as slots_aware.")
    parameters: dict[str, int | bool | str] = Field(
        default_factory=dict, description="Its parameters; times as in 30m."
    )
    formula: Text | None = Field(None, description="A formula of your own in the place of name and parameters.")
    interval: Time = Field(timedelta(minutes=15), description="Between two evaluations; 5m to 7d.")


class ResourceFile(Part):
    """Files that a node fetches before its start task."""

    url: Text | None = Field(None, description="URL of one file; no SAS: give an identity.")
    container_url: Text | None = Field(None, description="URL of a container whose blobs are fetched; no SAS.")
    auto_container: Text | None = Field(None, description="Container of the storage account that is linked.")
    prefix: Text | None = Field(None, description="Of a container: only blobs whose names begin so.")
    path: Text | None = Field(None, description="Where to: a file with url, else a folder; in the start task's folder.")
    mode: Annotated[str, _pattern(r"^[0-7]{3,4}$", 4)] | None = Field(None, description="Octal file mode; Linux alone.")
    identity: ArmId | None = Field(None, description="ARM id of the identity that may read it; one of the pool's.")


class RunAs(Part):
    """Who a start task runs as: a user of the pool, or one that Batch makes."""

    user: Text | None = Field(None, description="Name of one of the pool's users.")
    admin: bool = Field(False, description="Of a user that Batch makes: as an administrator.")
    scope: Literal["pool", "task"] = Field("pool", description="Of a user that Batch makes: for the pool or one task.")


class TaskContainer(Part):
    """The container that a start task runs in."""

    image: Text
    options: Text | None = Field(None, description="Further options of docker create.")


class StartTask(Part):
    """What each node does before it takes tasks, and again after each boot: so it must be repeatable."""

    command: Text = Field(description="Not run by a shell: write /bin/sh -c '...' or cmd /c ... for one.")
    environment: dict[str, str] = Field(default_factory=dict, description="Variables; no place for a secret.")
    files: list[ResourceFile] = Field(default_factory=list)
    wait: bool = Field(True, description="No task runs on a node before its start task has succeeded.")
    retries: Annotated[int, Field(ge=-1, le=2**31 - 1)] = Field(0, description="-1 without end.")
    run_as: RunAs = Field(default_factory=lambda: RunAs.model_validate({}), description="Who it runs as.")
    container: TaskContainer | None = None


class BlobMount(Part):
    """A container of Azure Storage, through blobfuse; Linux alone."""

    account: Annotated[str, _pattern(r"^[a-z0-9]{3,24}$", 24)]
    container: Text
    identity: ArmId | None = Field(None, description="ARM id of the identity that may use it; one of the pool's.")
    key_file: Text | None = Field(None, description="File that holds the account's key.")
    sas_file: Text | None = Field(None, description="File that holds a SAS.")
    options: Text | None = Field(None, description="Of blobfuse.")


class NfsMount(Part):
    """An NFS export; Linux alone."""

    source: Text = Field(description="Such as 10.0.0.4:/export.")
    options: Text | None = Field(None, description="Of mount.")


class ShareMount(Part):
    """A share of Azure Files."""

    account: Annotated[str, _pattern(r"^[a-z0-9]{3,24}$", 24)]
    url: Text = Field(description="Such as https://ACCOUNT.file.core.windows.net/SHARE.")
    key_file: Text = Field(description="File that holds the account's key.")
    options: Text | None = Field(None, description="Of mount.")


class CifsMount(Part):
    """A share of a file server."""

    user: Text
    source: Text
    password_file: Text = Field(description="File that holds the user's password.")
    options: Text | None = Field(None, description="Of mount.")


class Mount(Part):
    """A file system that every node has; one of blob, nfs, share and cifs."""

    path: Text = Field(description="Folder below $AZ_BATCH_NODE_MOUNTS_DIR.")
    blob: BlobMount | None = None
    nfs: NfsMount | None = None
    share: ShareMount | None = None
    cifs: CifsMount | None = None


class Registry(Part):
    """Where container images come from; an identity, or a user with a password."""

    server: Text
    identity: ArmId | None = Field(None, description="ARM id of the identity that may pull; one of the pool's.")
    user: Text | None = None
    password_file: Text | None = Field(None, description="File that holds the user's password.")


class Containers(Part):
    """Lets tasks run in containers."""

    type: Literal["docker", "cri"] = "docker"
    images: list[Text] = Field(default_factory=list, description="Pulled before the first task.")
    registries: list[Registry] = Field(default_factory=list)


class Network(Part):
    """Where the nodes are."""

    subnet: ArmId | None = Field(None, description="ARM id of a subnet of a virtual network.")
    public_ip: Literal["batch", "user", "none"] = Field("batch", description="Who provides public addresses.")
    public_ip_ids: list[ArmId] = Field(default_factory=list, description="With public_ip: user.")
    accelerated: bool = Field(False, description="Accelerated networking, where the size has it.")


class User(Part):
    """A user that every node has, for tasks to run as."""

    name: Annotated[str, _pattern(r"^[^\s\\/\"\[\]:|<>+=;,?*@]+$", 64)]
    password_file: Text = Field(description="File that holds the password.")
    admin: bool = False
    uid: Annotated[int, Field(ge=0)] | None = Field(None, description="Linux; with gid.")
    gid: Annotated[int, Field(ge=0)] | None = Field(None, description="Linux; with uid.")
    ssh_private_key_file: Text | None = Field(None, description="Linux: file with the key for SSH between nodes.")
    login: Literal["batch", "interactive"] | None = Field(None, description="Windows.")


class OsDisk(Part):
    """The disk of the operating system."""

    size_gb: Annotated[int, Field(ge=1, le=4095)] | None = None
    caching: Literal["none", "readonly", "readwrite"] | None = None
    storage: Literal["standard_lrs", "premium_lrs", "standardssd_lrs"] | None = None
    ephemeral: bool = Field(False, description="On the machine's own disk: quicker, and gone with the node.")


class PoolFile(Part):
    """A pool of Azure Batch."""

    id: Id = Field(description="Letters, digits, - and _.")
    display_name: Annotated[str, StringConstraints(max_length=1024)] | None = None
    vm_size: Text = Field(description="Such as Standard_D4s_v5; 'batch-manager pool skus' lists them.")
    image: Image
    scale: FixedScale | None = Field(None, description="So many nodes; none without this and autoscale.")
    autoscale: Autoscale | None = Field(None, description="Nodes as a formula says, in the place of scale.")
    task_slots_per_node: Annotated[int, Field(ge=1, le=256)] = Field(
        1, description="Tasks that a node runs at once; at most 4 for each of its cores."
    )
    task_fill: Literal["spread", "pack"] = Field("spread", description="Tasks over all nodes, or as few as possible.")
    inter_node_communication: bool = Field(False, description="For tasks that run on several nodes; 100 at most.")
    start_task: StartTask | None = None
    packages: Annotated[list[Package], Field(max_length=10)] = Field(
        default_factory=list, description="Application packages, APP:VERSION, or APP for its default version."
    )
    mounts: Annotated[list[Mount], Field(max_length=10)] = Field(default_factory=list)
    containers: Containers | None = None
    network: Network | None = None
    identities: list[ArmId] = Field(
        default_factory=list,
        description="ARM ids of user-assigned identities. Such a pool is made by Resource Manager.",
    )
    users: list[User] = Field(default_factory=list)
    os_disk: OsDisk | None = None
    license: Literal["Windows_Server", "Windows_Client"] | None = Field(None, description="A Windows licence of yours.")
    owner: Text | None = Field(None, description="Whose it is, for list, report and clean.")
    tags: dict[str, str] = Field(default_factory=dict, description="To find it by.")
    metadata: dict[Text, str] = Field(default_factory=dict, description="For you alone; Batch makes nothing of it.")

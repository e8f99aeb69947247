"""What Batch refuses in a pool, or what could never work, beyond the limits of single values. Pure.

Figures: azure-batch 15.1.0 docstrings, the Azure Batch quota page, "Azure Batch autoscale".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from batch_manager.preflight.limits import MAX_INSTANCES
from batch_manager.preflight.texts import holds_secret, is_identity

if TYPE_CHECKING:
    from batch_manager.pools.model import Mount, PoolFile, ResourceFile

_CORES = re.compile(r"(?:standard|basic)_[a-z]+(\d+)(?:-(\d+))?", re.IGNORECASE)
_STEPS = re.compile(r"basic_a|standard_(a\d+|(d|ds|g|gs)\d+(-\d+)?(_v2)?(_promo)?)$", re.IGNORECASE)
MAX_SLOTS_PER_CORE = 4
MIN_TIMEOUT = timedelta(minutes=5)
MAX_TIMEOUT = timedelta(days=7)
MIN_INTERVAL = timedelta(minutes=5)
MAX_INTERVAL = timedelta(hours=168)
MAX_FORMULA = 8192
"""Characters."""
_NEEDS_SHELL = re.compile(r"&&|\|\||[|<>;`]|\$[A-Za-z_({]|%[A-Za-z_]\w*%")


def cores(vm_size: str) -> int | None:
    """The cores that a size's name says; None where it says none, as in old families, whose number is that of a step
    (a Standard_D3_v2 has 4 cores)."""
    found = None if _STEPS.match(vm_size) else _CORES.match(vm_size)
    return None if found is None else max(1, int(found[2] or found[1]))


def problems(pool: PoolFile) -> list[str]:
    """Everything that is wrong with a pool whatever its nodes run, each with the key, the value, the limit and what to
    do."""
    return [
        *_slots(pool),
        *_image(pool),
        *_scale(pool),
        *_start_task(pool),
        *_mounts(pool),
        *_identities(pool),
        *_rest(pool),
    ]


def system_problems(pool: PoolFile, *, windows: bool) -> list[str]:
    """What nodes with that system cannot do."""
    return [*_of_windows(pool)] if windows else [*_of_linux(pool)]


def notes(pool: PoolFile) -> list[str]:
    """What Batch takes and is probably a mistake."""
    found = []
    command = pool.start_task.command if pool.start_task is not None else ""
    first = command.split(maxsplit=1)[0].rpartition("/")[2].lower() if command.split() else ""
    if _NEEDS_SHELL.search(command) and first not in ("sh", "bash", "cmd", "cmd.exe", "powershell", "pwsh"):
        found.append("start_task.command is not run by a shell: write /bin/sh -c '...' or cmd /c ... for $, &&, | or >")
    if pool.start_task is not None and not pool.start_task.wait:
        found.append("start_task.wait is false: tasks run on nodes whose start task fails")
    if pool.inter_node_communication and pool.task_slots_per_node > 1:
        found.append("task_slots_per_node is not 1: multi-instance tasks, for which inter_node_communication is, wait")
    return found


def _slots(pool: PoolFile) -> Iterator[str]:
    known = cores(pool.vm_size)
    if known is not None and pool.task_slots_per_node > MAX_SLOTS_PER_CORE * known:
        yield (
            f"task_slots_per_node is {pool.task_slots_per_node}: a {pool.vm_size} has {known} cores, give at most "
            f"{MAX_SLOTS_PER_CORE} for each, {MAX_SLOTS_PER_CORE * known}"
        )
    if pool.inter_node_communication and pool.scale is not None:
        wanted = pool.scale.dedicated + pool.scale.spot
        if wanted > MAX_INSTANCES:
            yield f"scale has {wanted} nodes: with inter_node_communication a pool has at most {MAX_INSTANCES}"


def _image(pool: PoolFile) -> Iterator[str]:
    named = {"publisher": pool.image.publisher, "offer": pool.image.offer, "sku": pool.image.sku}
    given = [name for name, value in named.items() if value is not None]
    if pool.image.id is not None and given:
        yield f"image has id and {', '.join(given)}: give one kind of image"
    if pool.image.id is None and len(given) < len(named):
        missing = ", ".join(name for name in named if name not in given)
        yield f"image has no {missing}: give publisher, offer and sku ('batch-manager pool images'), or id"


def _scale(pool: PoolFile) -> Iterator[str]:
    if pool.scale is not None and pool.autoscale is not None:
        yield "scale and autoscale are both given: a pool has fixed nodes or a formula"
    if pool.scale is not None and not MIN_TIMEOUT <= pool.scale.timeout <= MAX_TIMEOUT:
        yield f"scale.timeout is {pool.scale.timeout}: give 5m to 7d"
    auto = pool.autoscale
    if auto is None:
        return
    if (auto.name is None) == (auto.formula is None):
        yield "autoscale: give either name, with parameters, or formula"
    if auto.formula is not None and auto.parameters:
        yield "autoscale.parameters are for a formula by its name: write the values into autoscale.formula"
    if auto.formula is not None and len(auto.formula) > MAX_FORMULA:
        yield f"autoscale.formula has {len(auto.formula)} characters: give at most {MAX_FORMULA}"
    if not MIN_INTERVAL <= auto.interval <= MAX_INTERVAL:
        yield f"autoscale.interval is {auto.interval}: give 5m to 7d"


def _start_task(pool: PoolFile) -> Iterator[str]:
    task = pool.start_task
    if task is None:
        return
    if holds_secret(task.command):
        yield "start_task.command has a secret in it: everybody who reads the pool sees it; use an identity"
    for name, value in task.environment.items():
        if holds_secret(f"{name}={value}"):
            yield f"start_task.environment.{name} has a secret in it: everybody who reads the pool sees it"
    for number, file in enumerate(task.files):
        yield from (f"start_task.files[{number}]{problem}" for problem in _file(file))
    if task.run_as.user is not None:
        names = [user.name for user in pool.users]
        if task.run_as.user not in names:
            yield f"start_task.run_as.user is {task.run_as.user!r}: users has {', '.join(names) or 'nobody'}"
        if task.run_as.admin:
            yield "start_task.run_as has user and admin: say admin of the user in users"
    if task.container is not None and pool.containers is None:
        yield "start_task.container needs containers: say such as 'containers: {}'"


def _file(file: ResourceFile) -> Iterator[str]:
    sources = {"url": file.url, "container_url": file.container_url, "auto_container": file.auto_container}
    given = [name for name, value in sources.items() if value is not None]
    if len(given) != 1:
        yield f" has {' and '.join(given) or 'no source'}: give one of {', '.join(sources)}"
    if file.url is not None and file.path is None:
        yield ".path is missing: say what file the url becomes"
    if file.url is not None and file.prefix is not None:
        yield ".prefix is for a container: leave it out with url"
    for name in ("url", "container_url"):
        if holds_secret(sources[name] or ""):
            yield f".{name} has a SAS in it: everybody who reads the pool sees it; give identity"


def _mounts(pool: PoolFile) -> Iterator[str]:
    paths = [mount.path for mount in pool.mounts]
    for number, mount in enumerate(pool.mounts):
        where = f"mounts[{number}]"
        given = [name for name in ("blob", "nfs", "share", "cifs") if getattr(mount, name) is not None]
        if len(given) != 1:
            yield f"{where} has {' and '.join(given) or 'no source'}: give one of blob, nfs, share and cifs"
        if paths.index(mount.path) != number:
            yield f"{where}.path is {mount.path!r}, as of another mount: give each its own"
        if mount.path.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", mount.path):
            yield f"{where}.path is {mount.path!r}: give a folder below the node's folder of mounts"
        yield from _blob_mount(where, mount)


def _blob_mount(where: str, mount: Mount) -> Iterator[str]:
    if mount.blob is not None:
        ways = [name for name in ("identity", "key_file", "sas_file") if getattr(mount.blob, name) is not None]
        if len(ways) != 1:
            yield f"{where}.blob has {' and '.join(ways) or 'no way in'}: give one of identity, key_file and sas_file"


def _identities(pool: PoolFile) -> Iterator[str]:
    for number, name in enumerate(pool.identities):
        if not is_identity(name):
            yield f"identities[{number}] is {name!r}: give the ARM id of a user-assigned identity"
    known = {name.lower() for name in pool.identities}
    for where, name in _named_identities(pool):
        if name.lower() not in known:
            yield f"{where} is {name!r}, which is none of the pool's: add it to identities"


def _named_identities(pool: PoolFile) -> Iterator[tuple[str, str]]:
    found = [(f"start_task.files[{n}].identity", file.identity) for n, file in enumerate(_files(pool))]
    found += [(f"mounts[{n}].blob.identity", m.blob.identity) for n, m in enumerate(pool.mounts) if m.blob is not None]
    registries = pool.containers.registries if pool.containers is not None else []
    found += [(f"containers.registries[{n}].identity", item.identity) for n, item in enumerate(registries)]
    return ((where, name) for where, name in found if name is not None)


def _files(pool: PoolFile) -> list[ResourceFile]:
    return pool.start_task.files if pool.start_task is not None else []


def _rest(pool: PoolFile) -> Iterator[str]:
    for number, item in enumerate(pool.containers.registries if pool.containers is not None else ()):
        by_password = item.user is not None and item.password_file is not None
        if (item.user is None) != (item.password_file is None) or by_password == (item.identity is not None):
            yield f"containers.registries[{number}]: give either identity, or user and password_file"
    if pool.network is not None and bool(pool.network.public_ip_ids) != (pool.network.public_ip == "user"):
        yield "network.public_ip_ids go with network.public_ip: user, and it needs them"
    for number, user in enumerate(pool.users):
        if (user.uid is None) != (user.gid is None):
            yield f"users[{number}] has one of uid and gid: give both or none"
    reserved = [name for name in pool.metadata if name.startswith("batchmanager")]
    if reserved:
        yield f"metadata.{reserved[0]} begins with 'batchmanager', which is for this program: choose another name"


def _of_windows(pool: PoolFile) -> Iterator[str]:
    for number, mount in enumerate(pool.mounts):
        if mount.blob is not None or mount.nfs is not None:
            yield f"mounts[{number}] is blob or nfs, which Windows nodes cannot mount: give share or cifs"
    for number, user in enumerate(pool.users):
        if user.uid is not None or user.ssh_private_key_file is not None:
            yield f"users[{number}] has uid or ssh_private_key_file, which are for Linux: leave them out"
    for number, file in enumerate(_files(pool)):
        if file.mode is not None:
            yield f"start_task.files[{number}].mode is for Linux: leave it out"


def _of_linux(pool: PoolFile) -> Iterator[str]:
    if pool.license is not None:
        yield f"license is {pool.license!r}, which is for Windows: leave it out"
    for number, user in enumerate(pool.users):
        if user.login is not None:
            yield f"users[{number}].login is for Windows: leave it out"

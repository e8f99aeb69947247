"""Makes a pool of what was said of it: checks all of it first, and does nothing if there is such a pool."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from batch_manager.account_management import AccountManagement
from batch_manager.errors import ConflictError, InputError, NotFoundError
from batch_manager.ownership import Ownership, parse_tags
from batch_manager.pool_operations import PoolDetail, PoolOperations, SupportedImage
from batch_manager.pools.body import JsonObject, pool_body
from batch_manager.pools.differences import differences
from batch_manager.pools.images import ImageChoice, is_windows, lacks_containers, node_agent
from batch_manager.pools.layers import Layer, merge
from batch_manager.pools.management_body import management_body
from batch_manager.pools.reading import checked, refusal
from batch_manager.pools.rules import notes, problems, system_problems

if TYPE_CHECKING:
    from batch_manager.pools.model import PoolFile


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolRequest:
    """A pool that can be asked for.

    Attributes:
        id: the pool.
        body: Batch's add-pool request, which may hold secrets.
        shown: the same with the names of files in the place of the secrets in them.
        identities: ARM ids of the pool's identities; with one, Resource Manager is asked for the pool.
        notes: what is probably a mistake.
    """

    id: str
    body: JsonObject = field(repr=False)
    shown: JsonObject
    identities: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def prepare(pools: PoolOperations, layers: Sequence[Layer], owner: str) -> PoolRequest:
    """Everything that a pool is asked for with, checked.

    Args:
        pools: the account's pools, which is asked for its images.
        layers: what was said, the first of which counts most.
        owner: whose it is, unless a layer says so.

    Raises:
        InputError: what is wrong with it, all at once.
    """
    pool = checked(merge(layers))
    found = problems(pool)
    if found:
        raise refusal(found)
    image, offered = _image(pool), list(pools.list_supported_images())
    agent = node_agent(image, offered)
    found = system_problems(pool, windows=is_windows(agent))
    if found:
        raise refusal(found)
    metadata = {**_ownership(pool, owner), **pool.metadata}
    return PoolRequest(
        id=pool.id,
        body=pool_body(pool, node_agent=agent, metadata=metadata, reveal=_read_secret),
        shown=pool_body(pool, node_agent=agent, metadata=metadata, reveal=lambda path: f"<what {path} holds>"),
        identities=tuple(pool.identities),
        notes=(*notes(pool), *_container_note(pool, image, offered)),
    )


def create(pools: PoolOperations, management: Callable[[], AccountManagement], request: PoolRequest) -> bool:
    """Make the pool; False if there is one that is as it was asked for.

    Args:
        pools: the account's pools.
        management: makes what asks Resource Manager; called for a pool with an identity alone.
        request: the pool.

    Raises:
        InputError: there is a pool of that id that is not as it was asked for; the message says in what.
        ServiceError: Batch said no.
    """
    there = _find(pools, request.id)
    if there is None:
        try:
            _ask_for(pools, management, request)
        except ConflictError as error:
            if error.code != "PoolExists":
                raise
            there = pools.get_pool(request.id)
            _compare(request, there)
        return True
    _compare(request, there)
    return False


def as_sent(management: Callable[[], AccountManagement], request: PoolRequest) -> Mapping[str, Any]:
    """The request as it would be sent, without secrets."""
    if not request.identities:
        return request.shown
    account_id = management().facts().resource_id
    return management_body(request.shown, identities=request.identities, account_id=account_id)


def _ask_for(pools: PoolOperations, management: Callable[[], AccountManagement], request: PoolRequest) -> None:
    if not request.identities:
        pools.create_pool(request.body)
        return
    account = management()
    body = management_body(request.body, identities=request.identities, account_id=account.facts().resource_id)
    account.create_pool(request.id, body)


def _find(pools: PoolOperations, pool_id: str) -> PoolDetail | None:
    try:
        return pools.get_pool(pool_id)
    except NotFoundError:
        return None


def _compare(request: PoolRequest, there: PoolDetail) -> None:
    if there.summary.state != "active":
        raise InputError(
            f"pool {request.id!r} is being deleted: batch-manager pool delete {request.id} --wait, then create it again"
        )
    found = differences(request.body, request.identities, there)
    if found:
        raise InputError(
            f"there is a pool {request.id!r} that is not as it was asked for; take another id, or change the pool "
            "('pool resize', 'pool autoscale') or delete it:\n  " + "\n  ".join(found)
        )


def _image(pool: PoolFile) -> ImageChoice:
    image = pool.image
    return ImageChoice(
        publisher=image.publisher,
        offer=image.offer,
        sku=image.sku,
        id=image.id,
        node_agent=image.node_agent,
        allow_unverified=image.allow_unverified,
    )


def _container_note(pool: PoolFile, image: ImageChoice, offered: Sequence[SupportedImage]) -> list[str]:
    if pool.containers is None or not lacks_containers(image, offered):
        return []
    return [
        f"containers: Azure does not say that {image.label!r} can run them ('pool images --containers' lists which)"
    ]


def _ownership(pool: PoolFile, owner: str) -> dict[str, str]:
    tags = parse_tags(f"{name}={value}" for name, value in pool.tags.items())
    return Ownership(owner=pool.owner or owner, tags=tags).as_metadata()


def _read_secret(path: str) -> str:
    try:
        text = Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"the file {path!r}, which should hold a secret, cannot be read: {error}") from error
    if not text:
        raise InputError(f"the file {path!r}, which should hold a secret, is empty")
    return text

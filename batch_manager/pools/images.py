"""The node agent that goes with an image, from what the account offers. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from batch_manager.errors import InputError
from batch_manager.pool_operations import SupportedImage

_SHOWN = 8
WINDOWS = "batch.node.windows"
"""How the name of a node agent for Windows begins."""
CONTAINERS = "DockerCompatible"
"""The capability of an image that can run containers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageChoice:
    """The image that a pool file names."""

    publisher: str | None = None
    offer: str | None = None
    sku: str | None = None
    id: str | None = None
    node_agent: str | None = None
    allow_unverified: bool = False

    @property
    def label(self) -> str:
        """The image in a message."""
        return self.id or f"{self.publisher} {self.offer} {self.sku}"


def node_agent(image: ImageChoice, offered: Sequence[SupportedImage]) -> str:
    """The node agent for an image: the one that is named, if there is such an agent, else the one that goes with it.

    Raises:
        InputError: the account does not offer the image, or an agent is missing, not known, of another image, or not
            verified with it; the message lists what there is.
    """
    agents = sorted({item.node_agent for item in offered})
    if image.node_agent is not None and image.node_agent not in agents:
        near = _near(image.node_agent, agents)
        raise InputError(
            f"image.node_agent is {image.node_agent!r}, which is none here{near}; there are {_list(agents)}"
        )
    if image.id is not None:
        if image.node_agent is None:
            raise InputError(
                f"image.node_agent is missing: Batch does not know what is in {image.id!r}; give the agent of its "
                f"system, one of {_list(agents)}"
            )
        return image.node_agent
    return _of_marketplace(image, offered)


def lacks_containers(image: ImageChoice, offered: Sequence[SupportedImage]) -> bool:
    """Whether the account offers the image and does not say that it can run containers."""
    fitting = [item for item in offered if image.id is None and _same(item, image)]
    return bool(fitting) and not any(CONTAINERS in item.capabilities for item in fitting)


def is_windows(agent: str) -> bool:
    """Whether nodes with that agent run Windows."""
    return agent.lower().startswith(WINDOWS)


def _of_marketplace(image: ImageChoice, offered: Sequence[SupportedImage]) -> str:
    fitting = [item for item in offered if _same(item, image)]
    if not fitting:
        raise InputError(f"image: the account offers no {image.label!r}: {_what_there_is(image, offered)}")
    if image.node_agent is not None:
        fitting = [item for item in fitting if item.node_agent == image.node_agent]
        if not fitting:
            other = next(item.node_agent for item in offered if _same(item, image))
            raise InputError(
                f"image.node_agent is {image.node_agent!r}, but {image.label!r} goes with {other!r}: leave it out"
            )
    verified = [item for item in fitting if item.verified]
    if not verified and not image.allow_unverified:
        raise InputError(
            f"image: Microsoft has not tested {image.label!r} with {fitting[0].node_agent!r}: choose another of "
            "'batch-manager pool images', or say image.allow_unverified: true"
        )
    return (verified or fitting)[0].node_agent


def _same(item: SupportedImage, image: ImageChoice) -> bool:
    wanted = (image.publisher or "", image.offer or "", image.sku or "")
    return (item.publisher.lower(), item.offer.lower(), item.sku.lower()) == tuple(word.lower() for word in wanted)


def _what_there_is(image: ImageChoice, offered: Sequence[SupportedImage]) -> str:
    """The skus of the offer, or the offers of the publisher, or the publishers."""
    publisher, offer = (image.publisher or "").lower(), (image.offer or "").lower()
    of_publisher = [item for item in offered if item.publisher.lower() == publisher]
    of_offer = [item for item in of_publisher if item.offer.lower() == offer]
    if of_offer:
        kind, names, given = "skus of that offer are", {item.sku for item in of_offer}, image.sku
    elif of_publisher:
        kind, names, given = "offers of that publisher are", {item.offer for item in of_publisher}, image.offer
    else:
        kind, names, given = "publishers are", {item.publisher for item in offered}, image.publisher
    return f"the {kind} {_list(sorted(names))}{_near(given or '', sorted(names))}"


def _near(name: str, known: Sequence[str]) -> str:
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""


def _list(names: Sequence[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more ('batch-manager pool images')" if more > 0 else "")

"""Which images and sizes a list shows. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from batch_manager.account_management import MachineSku
from batch_manager.pool_operations import SupportedImage
from batch_manager.pools.images import CONTAINERS


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFilter:
    """All that is given must hold.

    Attributes:
        words: in the names, in any case.
        os: ``linux`` or ``windows``.
        containers: only those that can run containers.
        unverified: also those that are not tested with their agent.
    """

    words: tuple[str, ...] = ()
    os: str | None = None
    containers: bool = False
    unverified: bool = False

    def takes(self, image: SupportedImage) -> bool:
        """Whether an image is one of them."""
        if not (self.unverified or image.verified) or self.os not in (None, image.os):
            return False
        names = f"{image.publisher} {image.offer} {image.sku} {image.node_agent}"
        return _has_all(names, self.words) and (not self.containers or CONTAINERS in image.capabilities)


@dataclass(frozen=True, slots=True, kw_only=True)
class SkuFilter:
    """All that is given must hold.

    Attributes:
        words: in the names, in any case.
        cores: at least so many.
        max_cores: at most so many.
    """

    words: tuple[str, ...] = ()
    cores: int | None = None
    max_cores: int | None = None

    def takes(self, sku: MachineSku) -> bool:
        """Whether a size is one of them; one whose cores are not known has none."""
        has = sku.cores or 0
        fits = (self.cores is None or has >= self.cores) and (self.max_cores is None or has <= self.max_cores)
        return fits and _has_all(f"{sku.name} {sku.family}", self.words)


def _has_all(names: str, words: tuple[str, ...]) -> bool:
    return all(word.lower() in names.lower() for word in words)

"""The images that an account offers, with the node agent of each: data, as Azure offered them in 2025.

A pool here runs on this machine whatever its image; the list is there for clients that choose from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

DOCKER: Final = "DockerCompatible"
TESLA: Final = "NvidiaTeslaDriverInstalled"
RDMA: Final = "SupportsRDMAOnly"

_CONTAINERS: Final = (DOCKER,)
_HPC: Final = (DOCKER, TESLA, RDMA)


@dataclass(frozen=True, kw_only=True, slots=True)
class SupportedImage:
    """A Marketplace image."""

    node_agent: str
    publisher: str
    offer: str
    sku: str
    capabilities: tuple[str, ...] = ()
    is_verified: bool = True
    """Tested by the Batch team with the node agent."""
    end_of_life: datetime | None = None
    """When Batch stops to support it; None where no date is set."""

    @property
    def os_type(self) -> str:
        """``linux`` or ``windows``."""
        return "windows" if "windows" in self.node_agent else "linux"


def _images(
    node_agent: str,
    publisher: str,
    offer: str,
    *skus: str,
    capabilities: tuple[str, ...] = (),
    is_verified: bool = True,
    end_of_life: datetime | None = None,
) -> tuple[SupportedImage, ...]:
    return tuple(
        SupportedImage(
            node_agent=node_agent,
            publisher=publisher,
            offer=offer,
            sku=sku,
            capabilities=capabilities,
            is_verified=is_verified,
            end_of_life=end_of_life,
        )
        for sku in skus
    )


_WINDOWS: Final = "batch.node.windows amd64"
_SERVER: Final = ("microsoftwindowsserver", "windowsserver")
_FOCAL_END: Final = datetime(2025, 5, 31, tzinfo=UTC)
_JAMMY_END: Final = datetime(2027, 4, 1, tzinfo=UTC)

SUPPORTED_IMAGES: Final[tuple[SupportedImage, ...]] = (
    *_images(
        "batch.node.debian 11", "debian", "debian-11", "11", "11-gen2", end_of_life=datetime(2026, 8, 31, tzinfo=UTC)
    ),
    *_images("batch.node.debian 12", "debian", "debian-12", "12", "12-gen2"),
    *_images("batch.node.el 8", "almalinux", "almalinux-x86_64", "8-gen1", "8-gen2"),
    *_images("batch.node.el 8", "almalinux", "almalinux-hpc", "8_10-hpc-gen2", capabilities=_HPC),
    *_images("batch.node.el 9", "almalinux", "almalinux-x86_64", "9-gen1", "9-gen2"),
    *_images("batch.node.el 9", "resf", "rockylinux-x86_64", "9-base", is_verified=False),
    *_images(
        "batch.node.ubuntu 20.04",
        "canonical",
        "0001-com-ubuntu-server-focal",
        "20_04-lts",
        "20_04-lts-gen2",
        is_verified=False,
        end_of_life=_FOCAL_END,
    ),
    *_images(
        "batch.node.ubuntu 20.04",
        "microsoft-azure-batch",
        "ubuntu-server-container",
        "20-04-lts",
        capabilities=_CONTAINERS,
        is_verified=False,
        end_of_life=_FOCAL_END,
    ),
    *_images(
        "batch.node.ubuntu 22.04",
        "canonical",
        "0001-com-ubuntu-server-jammy",
        "22_04-lts",
        "22_04-lts-gen2",
        end_of_life=_JAMMY_END,
    ),
    *_images(
        "batch.node.ubuntu 22.04", "microsoft-dsvm", "ubuntu-hpc", "2204", capabilities=_HPC, end_of_life=_JAMMY_END
    ),
    *_images("batch.node.ubuntu 24.04", "canonical", "ubuntu-24_04-lts", "server", "server-gen1"),
    *_images("batch.node.ubuntu 24.04", "microsoft-dsvm", "ubuntu-hpc", "2404", capabilities=_HPC),
    *_images(_WINDOWS, *_SERVER, "2016-datacenter", "2016-datacenter-smalldisk"),
    *_images(_WINDOWS, *_SERVER, "2016-datacenter-with-containers", capabilities=_CONTAINERS),
    *_images(_WINDOWS, *_SERVER, "2019-datacenter", "2019-datacenter-core", "2019-datacenter-smalldisk"),
    *_images(_WINDOWS, *_SERVER, "2019-datacenter-with-containers", capabilities=_CONTAINERS),
    *_images(_WINDOWS, *_SERVER, "2022-datacenter", "2022-datacenter-core", "2022-datacenter-smalldisk"),
    *_images(_WINDOWS, *_SERVER, "2025-datacenter", "2025-datacenter-core", is_verified=False),
    *_images(_WINDOWS, "microsoft-dsvm", "dsvm-win-2022", "winserver-2022"),
)
"""By node agent."""

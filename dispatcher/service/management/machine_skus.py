"""Usual sizes of machines, for clients that choose from a list: data, as Azure describes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, kw_only=True, slots=True)
class MachineSku:
    """A size of machine."""

    name: str
    family: str
    cores: int
    memory: str
    """GiB."""
    generations: str
    has_rdma: bool = False
    gpus: int = 0


def _family(family: str, pattern: str, ratio: int, *cores: int, generations: str = "V1,V2") -> tuple[MachineSku, ...]:
    """Return the sizes of a family whose memory grows with its cores."""
    return tuple(
        MachineSku(
            name=pattern.format(count), family=family, cores=count, memory=str(count * ratio), generations=generations
        )
        for count in cores
    )


MACHINE_SKUS: Final[tuple[MachineSku, ...]] = (
    MachineSku(name="Standard_A1_v2", family="standardAv2Family", cores=1, memory="2", generations="V1"),
    MachineSku(name="Standard_A2_v2", family="standardAv2Family", cores=2, memory="4", generations="V1"),
    MachineSku(name="Standard_A4_v2", family="standardAv2Family", cores=4, memory="8", generations="V1"),
    MachineSku(name="Standard_A8_v2", family="standardAv2Family", cores=8, memory="16", generations="V1"),
    *_family("standardDSv3Family", "Standard_D{}s_v3", 4, 2, 4, 8, 16, 32, 64),
    *_family("standardDSv4Family", "Standard_D{}s_v4", 4, 2, 4, 8, 16, 32, 64),
    *_family("standardDSv5Family", "Standard_D{}s_v5", 4, 2, 4, 8, 16, 32, 64, 96),
    *_family("standardDDSv5Family", "Standard_D{}ds_v5", 4, 2, 4, 8, 16, 32, 64, 96),
    *_family("standardDASv5Family", "Standard_D{}as_v5", 4, 2, 4, 8, 16, 32, 64, 96),
    *_family("standardESv5Family", "Standard_E{}s_v5", 8, 2, 4, 8, 16, 32),
    *_family("standardEDSv5Family", "Standard_E{}ds_v5", 8, 2, 4, 8, 16, 32),
    *_family("standardFSv2Family", "Standard_F{}s_v2", 2, 2, 4, 8, 16, 32, 64, 72),
    MachineSku(
        name="Standard_HB120rs_v3",
        family="standardHBrsv3Family",
        cores=120,
        memory="448",
        generations="V1,V2",
        has_rdma=True,
    ),
    MachineSku(
        name="Standard_NC4as_T4_v3",
        family="Standard NCASv3_T4 Family",
        cores=4,
        memory="28",
        generations="V1,V2",
        gpus=1,
    ),
)

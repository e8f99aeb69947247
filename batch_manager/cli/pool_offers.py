"""The commands for what pools can be made of: images, skus."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer

from batch_manager.cli.options import AsJson
from batch_manager.cli.output import console, print_json
from batch_manager.cli.pool_options import account_management, pool_operations
from batch_manager.cli.telling import told

Words = Annotated[
    list[str] | None, typer.Argument(metavar="WORD", help="Only what has all of these words in its names.")
]


class System(str, Enum):  # noqa: UP042 - Typer shows the values of a str enumeration
    """An operating system."""

    LINUX = "linux"
    WINDOWS = "windows"


def add_to(app: typer.Typer) -> None:
    """Add them to the commands for pools."""
    app.command()(images)
    app.command()(skus)


@told("nothing was changed")
def images(
    words: Words = None,
    system: Annotated[System | None, typer.Option("--os", help="Only these.", show_default="both")] = None,
    containers: Annotated[bool, typer.Option("--containers", help="Only those that can run containers.")] = False,
    unverified: Annotated[
        bool, typer.Option("--unverified", help="Also those that Microsoft has not tested with the agent.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """List the Marketplace images that the account offers, each with its node agent.

    Exit codes: 0; 69, 75 and 77 Batch said no; 78 a setting.
    """
    from batch_manager.pools.documents import image_document
    from batch_manager.pools.offers import ImageFilter

    asked = ImageFilter(
        words=tuple(words or ()), os=system.value if system else None, containers=containers, unverified=unverified
    )
    found = [image for image in pool_operations().list_supported_images() if asked.takes(image)]
    if as_json:
        print_json({"images": [image_document(image) for image in found]})
        return
    from batch_manager.cli.pool_tables import show_images

    show_images(console(), found)


@told("nothing was changed")
def skus(
    words: Words = None,
    cores: Annotated[int | None, typer.Option(min=1, metavar="N", help="At least so many cores.")] = None,
    max_cores: Annotated[int | None, typer.Option(min=1, metavar="N", help="At most so many cores.")] = None,
    location: Annotated[
        str | None, typer.Option(metavar="REGION", help="Of this region.", show_default="the account's")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the sizes of machines that the region offers to Batch, each with its cores and the family of its quota.

    Asks Azure Resource Manager: the settings subscription_id and resource_group are needed (docs/settings.md).

    Exit codes: 0; 69, 75 and 77 Azure said no; 78 a setting is missing.
    """
    from batch_manager.pools.documents import sku_document
    from batch_manager.pools.offers import SkuFilter

    asked = SkuFilter(words=tuple(words or ()), cores=cores, max_cores=max_cores)
    found = sorted(
        (sku for sku in account_management().list_skus(location) if asked.takes(sku)),
        key=lambda sku: (sku.family, sku.cores or 0, sku.name),
    )
    if as_json:
        print_json({"skus": [sku_document(sku) for sku in found]})
        return
    from batch_manager.cli.pool_tables import show_skus

    show_skus(console(), found)

"""Images that nodes may be made of."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

from dispatcher.service.calls import Call, Handler, Reply
from dispatcher.service.paging import page, read_listing
from dispatcher.service.supported_images import SUPPORTED_IMAGES, SupportedImage
from dispatcher.service.wire import JsonObject, format_time


def list_all(call: Call) -> Reply:
    """List the images, by node agent."""
    listing = read_listing(call)
    images = enumerate(SUPPORTED_IMAGES, start=1)
    return page(
        call,
        listing,
        islice(images, listing.after_number(), None),
        render=lambda item: _body(item[1]),
        cursor=lambda item: str(item[0]),
    )


def _body(image: SupportedImage) -> JsonObject:
    body: JsonObject = {
        "nodeAgentSKUId": image.node_agent,
        "imageReference": {
            "publisher": image.publisher,
            "offer": image.offer,
            "sku": image.sku,
            "version": "latest",
        },
        "osType": image.os_type,
        "verificationType": "verified" if image.is_verified else "unverified",
    }
    if image.capabilities:
        body["capabilities"] = list(image.capabilities)
    if image.end_of_life is not None:
        body["batchSupportEndOfLife"] = format_time(image.end_of_life)
    return body


HANDLERS: Mapping[str, Handler] = {
    "list_supported_images": list_all,
}

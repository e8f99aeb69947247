"""The images that an account offers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dispatcher.service.supported_images import SUPPORTED_IMAGES
from dispatcher.service.testing import Bench


def images(bench: Bench, **query: str) -> dict[str, Any]:
    """Return a page of the list."""
    body: dict[str, Any] = json.loads(json.dumps(bench.call("list_supported_images", query=query).body))
    return body


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [("osType eq 'linux'", "osType", "linux"), ("verificationType ne 'verified'", "verificationType", "unverified"),
     ("nodeAgentSKUId eq 'batch.node.windows amd64'", "osType", "windows")],
)  # fmt: skip
def test_images_can_be_filtered_by_every_documented_property(bench: Bench, text: str, name: str, value: str) -> None:
    """A filter leaves some images, and only those that pass."""
    found = images(bench, **{"$filter": text})["value"]
    assert 0 < len(found) < len(SUPPORTED_IMAGES)
    assert {image[name] for image in found} == {value}


def test_images_are_paged(bench: Bench) -> None:
    """A page ends with a link where there are more."""
    first = images(bench, maxresults="2")
    assert (len(first["value"]), "odata.nextLink" in first) == (2, True)


def test_no_image_is_listed_twice() -> None:
    """Publisher, offer and SKU name an image."""
    names = {(image.publisher, image.offer, image.sku) for image in SUPPORTED_IMAGES}
    assert len(names) == len(SUPPORTED_IMAGES)

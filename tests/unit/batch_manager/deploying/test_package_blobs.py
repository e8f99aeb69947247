"""Who asks for the zip file of a version."""

from __future__ import annotations

from azure.core.credentials import AccessToken

from batch_manager._azure.package_blobs import blob_client

BLOB = "https://store.blob.core.windows.net/app-water/1.0.0"


class _Somebody:
    def get_token(self, *scopes: str, **options: object) -> AccessToken:
        return AccessToken("token", 0)


def test_right_in_the_url_is_used_alone() -> None:
    """A credential beside it would be refused."""
    assert blob_client(f"{BLOB}?sv=2026&sp=rw&sig=abc", _Somebody()).credential is None


def test_plain_url_is_asked_for_as_who_deploys() -> None:
    """An account whose storage is opened with an identity gives no right."""
    somebody = _Somebody()
    assert blob_client(BLOB, somebody).credential is somebody

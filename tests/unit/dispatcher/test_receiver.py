"""The small callback receiver: takes what Data Factory would, from who knows the URL."""

import httpx

from dispatcher.receiver import CallbackReceiver


def test_first_body_for_a_key_is_kept() -> None:
    """A repeated delivery changes nothing."""
    with CallbackReceiver() as receiver:
        for body in ({"n": 1}, {"n": 2}):
            assert httpx.post(receiver.url, json=body, headers={"Idempotency-Key": "k"}).status_code == 200
        assert receiver.wait(5) == {"n": 1}


def test_nothing_received_is_none() -> None:
    """After the time given."""
    with CallbackReceiver() as receiver:
        assert receiver.wait(0) is None


def test_wrong_path_and_wrong_body_are_refused() -> None:
    """As a real endpoint refuses them."""
    with CallbackReceiver() as receiver:
        assert httpx.post(receiver.url + "x", json={}).status_code == 404
        assert httpx.post(receiver.url, content=b"{").status_code == 400
        assert receiver.wait(0) is None

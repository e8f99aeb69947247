"""Delivery of the callback: patient, never twice for one answer, and silent about where it goes."""

import logging
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Thread

import pytest

from batch_manager.callback import CallbackTarget, verify_signature
from batch_manager.delivery import DeliveryLimits, deliver
from batch_manager.errors import CallbackError, CallbackRefusedError
from dispatcher.receiver import Answer, CallbackReceiver
from tests.support.certificates import self_signed
from tests.support.outcomes import HandClock
from tests.unit.batch_manager.test_callback import SECRET


def _deliver(url: str, hand: HandClock, *, seconds: float = 60, request_seconds: float = 10) -> None:
    limits = DeliveryLimits(seconds=seconds, request_seconds=request_seconds)
    deliver(CallbackTarget(url=url), b'{"a": 1}', key="k1", limits=limits, clock=hand.clock())


def _statuses(*statuses: int) -> Sequence[Answer]:
    return [Answer(status=status) for status in statuses]


def test_delivery_goes_on_until_accepted_with_one_key_and_growing_pauses() -> None:
    """A busy receiver is called again, with the same key and body, so that it can tell."""
    hand = HandClock()
    with CallbackReceiver(_statuses(503, 429, 408, 500)) as receiver:
        _deliver(receiver.url, hand)
    assert {(got.key, got.content) for got in receiver.deliveries} == {("k1", b'{"a": 1}')}
    assert hand.pauses == [1, 2, 4, 8]


def test_delivery_pauses_at_random_so_that_many_jobs_do_not_call_at_once() -> None:
    """Chance leaves at least half of a pause."""
    hand = HandClock()
    with CallbackReceiver(_statuses(503)) as receiver:
        deliver(CallbackTarget(url=receiver.url), b"{}", key="k", clock=hand.clock(chance=0.0))
    assert hand.pauses == [0.5]


@pytest.mark.parametrize("asked", ["20", "Tue, 14 Nov 2023 22:13:40 GMT"])
def test_delivery_waits_as_long_as_it_is_asked_to(asked: str) -> None:
    """As a number of seconds or as a date."""
    hand = HandClock()
    with CallbackReceiver([Answer(status=429, headers={"Retry-After": asked})]) as receiver:
        _deliver(receiver.url, hand)
    assert hand.pauses == [20]


@pytest.mark.parametrize("asked", ["soon", "-5", "", "²", "Tue, 99 Nov"])
def test_delivery_takes_no_notice_of_a_pause_it_cannot_read(asked: str) -> None:
    """It pauses as it would have."""
    hand = HandClock()
    with CallbackReceiver([Answer(status=503, headers={"Retry-After": asked})]) as receiver:
        _deliver(receiver.url, hand)
    assert hand.pauses == [1]


def test_delivery_that_is_asked_to_wait_too_long_waits_for_its_time_and_gives_up() -> None:
    """A later attempt of FinalizeTask may deliver it: Batch starts that at once."""
    hand = HandClock()
    with (
        CallbackReceiver([Answer(status=503, headers={"Retry-After": "3600"})]) as receiver,
        pytest.raises(CallbackError, match="not accepted within 60 s: the receiver answered 503") as caught,
    ):
        _deliver(receiver.url, hand)
    assert (hand.pauses, isinstance(caught.value, CallbackRefusedError)) == ([60], False)


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 401, 403, 404, 409, 410, 422])
def test_delivery_to_a_receiver_that_refuses_is_an_error_without_the_url(status: int) -> None:
    """A refusal is final, a redirect is not followed, and the URL is a secret."""
    answer = Answer(status=status, headers={"Location": "http://127.0.0.1:9/elsewhere"})
    with (
        CallbackReceiver([answer]) as receiver,
        pytest.raises(CallbackRefusedError, match=f"status {status}") as caught,
    ):
        _deliver(receiver.url, HandClock())
    assert receiver.url.rpartition("/")[2] not in repr(caught.value)
    assert len(receiver.deliveries) == 1


def test_delivery_to_nobody_gives_up_after_its_time_without_the_url() -> None:
    """Nothing listens on the discard port; the error has neither URL nor another error that holds it."""
    hand = HandClock()
    with pytest.raises(
        CallbackError, match=r"not accepted within 60 s: no answer \(ConnectionRefusedError\)"
    ) as caught:
        _deliver("http://127.0.0.1:9/secret?token=secret", hand)
    assert "secret" not in repr(caught.value)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
    assert 30 <= sum(hand.pauses) <= 60


def test_delivery_is_not_held_up_by_a_receiver_that_says_nothing() -> None:
    """One try has its time, whatever it waits for."""
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(CallbackError, match=r"no answer"):
        _deliver(f"http://127.0.0.1:{silent.getsockname()[1]}/", HandClock(), seconds=0, request_seconds=0.2)


def test_delivery_is_not_held_up_by_a_reply_that_never_ends() -> None:
    """A byte now and then keeps a socket's own time limit from coming."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        drip = Thread(target=_drip, args=(server,), daemon=True)
        drip.start()
        with pytest.raises(CallbackError, match=r"no answer within 0.5 s"):
            _deliver(f"http://127.0.0.1:{server.getsockname()[1]}/", HandClock(), seconds=0, request_seconds=0.5)
    drip.join()


def _drip(server: socket.socket) -> None:
    connection, _ = server.accept()
    with connection:
        connection.settimeout(0.1)
        try:
            while True:
                connection.sendall(b"H")
                if not connection.recv(65536):
                    return
        except TimeoutError:
            _drip_on(connection)
        except OSError:
            return


def _drip_on(connection: socket.socket) -> None:
    for _ in range(50):
        try:
            connection.sendall(b"H")
            connection.recv(1)
        except TimeoutError:
            continue
        except OSError:
            return


def test_delivery_logs_nothing_that_holds_the_url_or_the_secret(caplog: pytest.LogCaptureFixture) -> None:
    """At no level, of no library."""
    caplog.set_level(logging.DEBUG)
    with CallbackReceiver(_statuses(503)) as receiver:
        limits = DeliveryLimits(seconds=30)
        target = CallbackTarget(url=receiver.url, secret=SECRET)
        deliver(target, b"{}", key="k", limits=limits, clock=HandClock().clock())
    shown = caplog.text + repr([vars(record) for record in caplog.records])
    assert "callback delivered" in shown
    assert receiver.url.rpartition("/")[2] not in shown
    assert SECRET.removeprefix("whsec_") not in shown


@pytest.fixture
def tls_receiver(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A receiver over https, and the certificate that says who it is."""
    certificate, key = self_signed("127.0.0.1")
    (tmp_path / "certificate.pem").write_bytes(certificate)
    (tmp_path / "both.pem").write_bytes(certificate + key)
    with CallbackReceiver(certificate=tmp_path / "both.pem") as receiver:
        yield receiver.url, tmp_path / "certificate.pem"


def test_delivery_over_https_trusts_the_authorities_of_the_environment(
    tls_receiver: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And no other."""
    url, certificate = tls_receiver
    with pytest.raises(CallbackError, match="SSLCertVerificationError"):
        _deliver(url, HandClock(), seconds=0)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    _deliver(url, HandClock())


def test_delivery_signs_each_try_with_its_own_time() -> None:
    """A receiver takes a signature for some minutes; the delivery may take longer."""
    hand = HandClock()
    with CallbackReceiver([Answer(status=503, headers={"Retry-After": "1000"})]) as receiver:
        target, limits = CallbackTarget(url=receiver.url, secret=SECRET), DeliveryLimits(seconds=2000)
        deliver(target, b"{}", key="k", limits=limits, clock=hand.clock())
    first, last = receiver.deliveries
    assert not verify_signature(SECRET, first.headers, first.content, now=hand.time)
    assert verify_signature(SECRET, last.headers, last.content, now=hand.time)
    assert {first.headers["webhook-id"], last.headers["webhook-id"]} == {"k"}

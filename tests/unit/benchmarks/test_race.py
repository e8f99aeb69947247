"""What is printed of the peers."""

from benchmarks.peers.race import LOOP, SERVICE, Racer, headline


def _racers(**peers: Racer) -> dict[str, Racer]:
    return {LOOP: Racer(rates=[2000.0], ratios=[1.0]), SERVICE: Racer(rates=[1200.0], ratios=[0.6]), **peers}


def test_headline_names_the_fastest_of_those_that_ran() -> None:
    """The service is compared with it and with the loop; a tool that ran in two ways is one tool."""
    ray = {name: Racer(rates=[700.0, 900.0, 800.0]) for name in ("ray", "ray-actors")}
    racers = _racers(make=Racer(rates=[1000.0]), dask=Racer(failure="missing"), **ray)
    sentence = headline(10_000, racers)
    assert "10,000 processes" in sentence
    assert "1,200 tasks a second" in sentence
    assert "0.60 of a bare loop" in sentence
    assert "1.20 times make, the fastest of 2 other tools" in sentence


def test_headline_without_peers_compares_with_the_loop_alone() -> None:
    """It claims nothing about tools that did not run."""
    sentence = headline(100, _racers(make=Racer(failure="missing")))
    assert sentence.endswith("0.60 of a bare loop of Python's `subprocess`.")


def test_peer_that_did_not_run_is_printed_with_the_reason() -> None:
    """Never left out silently, also when earlier rounds went well."""
    assert "no figure: it is not installed" in Racer(failure="it is not installed (make peers)").line("ray")
    assert "no figure: it ran 3 of 4" in Racer(rates=[1.0], failure="it ran 3 of 4 tasks").line("ray")


def test_peer_line_is_the_median_of_its_rounds_with_its_version() -> None:
    """And says how many rounds there were."""
    text = Racer(rates=[1.0, 700.0, 900.0], ratios=[0.1, 0.35, 0.5], remark=", 2.60").line("ray")
    assert "700/s" in text
    assert "ratio 0.350" in text
    assert "3 rounds, 2.60" in text

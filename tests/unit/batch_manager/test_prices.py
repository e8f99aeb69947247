"""Price files: three forms, one meaning, and errors that say where."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from batch_manager.errors import InputError
from batch_manager.prices import NodePrice, Prices, read_prices

YAML = """\
currency: EUR
region: westeurope
date: 2026-11-01
sizes:
  Standard_D2s_v5: {dedicated: 0.10, spot: 0.02}
  Standard_F2s_v2:
    dedicated: 0.30
"""
JSON = """{"currency": "EUR", "region": "westeurope", "date": "2026-11-01",
\t"sizes": {"Standard_D2s_v5": {"dedicated": 0.10, "spot": "0.02"}, "Standard_F2s_v2": {"dedicated": 0.30}}}"""
CSV = """\
currency,region,date,vm_size,dedicated,spot
EUR,westeurope,2026-11-01,Standard_D2s_v5,0.10,0.02
EUR,westeurope,2026-11-01,Standard_F2s_v2,0.30,
"""
FORMS = {"prices.yaml": YAML, "prices.json": JSON, "prices.csv": CSV}


def _file(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


@pytest.mark.parametrize("name", FORMS)
def test_prices_are_the_same_in_every_form(name: str, tmp_path: Path) -> None:
    """YAML, JSON and CSV say the same, to the last digit."""
    assert read_prices(_file(tmp_path, name, FORMS[name])) == Prices(
        currency="EUR",
        region="westeurope",
        date=date(2026, 11, 1),
        sizes={
            "standard_d2s_v5": NodePrice(dedicated=Decimal("0.10"), spot=Decimal("0.02")),
            "standard_f2s_v2": NodePrice(dedicated=Decimal("0.30")),
        },
    )


def test_price_of_a_size_is_found_in_any_case(tmp_path: Path) -> None:
    """Azure's own names differ in case from page to page."""
    prices = read_prices(_file(tmp_path, "p.yml", YAML))
    assert prices.hourly("STANDARD_d2s_V5") == Decimal("0.10")
    assert prices.hourly("Standard_D2s_v5", spot=True) == Decimal("0.02")


def test_price_that_the_file_does_not_say_is_none(tmp_path: Path) -> None:
    """Neither another size nor the dedicated price stands in for it."""
    prices = read_prices(_file(tmp_path, "p.yaml", YAML))
    assert prices.hourly("Standard_F2s_v2", spot=True) is None
    assert prices.hourly("Standard_F4s_v2") is None


WRONG = [
    ("p.txt", "", "is neither .yaml"),
    ("p.yaml", "", "the file is no mapping"),
    ("p.yaml", "a: [", "line 1: it is no YAML"),
    ("p.yaml", YAML.replace("EUR", "euro"), "line 1: currency is 'euro'"),
    ("p.yaml", YAML.replace("region: westeurope\n", ""), "region is missing"),
    ("p.yaml", YAML.replace("2026-11-01", "yesterday"), "line 3: date is 'yesterday'"),
    ("p.yaml", YAML.replace("0.02", "-1"), "line 5: sizes.Standard_D2s_v5.spot is '-1'"),
    ("p.yaml", YAML.replace("0.30", "cheap"), "line 7: sizes.Standard_F2s_v2.dedicated is 'cheap'"),
    ("p.yaml", YAML.replace("spot", "spots"), "line 5: sizes.Standard_D2s_v5.spots is not known"),
    (
        "p.yaml",
        YAML.replace("F2s_v2", "D2S_v5"),
        "line 6: sizes.Standard_D2S_v5: the size 'Standard_D2S_v5' comes twice",
    ),
    ("p.yaml", YAML + "discount: 3\n", "line 8: discount is not known"),
    ("p.yaml", YAML.replace("EUR", "[EUR]"), "line 1: currency is no single value"),
    ("p.yaml", YAML.replace("{dedicated: 0.10, spot: 0.02}", "{}"), "has no price"),
    ("p.yaml", YAML.partition("sizes")[0], "sizes is empty"),
    ("p.json", "{", "line 1: it is no JSON"),
    ("p.json", "[]", "the file is no object"),
    ("p.json", JSON.replace("0.30", "true"), "sizes.Standard_F2s_v2.dedicated is True"),
    ("p.json", JSON.replace("0.30", "NaN"), "sizes.Standard_F2s_v2.dedicated is 'NaN'"),
    ("p.json", JSON.replace('"date"', '"region"'), "region comes twice"),
    ("p.csv", "", "line 1: the columns are none"),
    ("p.csv", CSV.replace("spot", "spott"), "line 1: the columns are"),
    ("p.csv", CSV.partition("\n")[0], "no row below its header"),
    ("p.csv", CSV.replace("0.30", "x"), "line 3, column dedicated is 'x'"),
    ("p.csv", CSV.replace("0.30,", "0.30,1,2"), "line 3: it has more values"),
    ("p.csv", CSV[::-1].replace("RUE", "DSU", 1)[::-1], "line 3, column currency is 'USD'"),
]


@pytest.mark.parametrize(("name", "text", "said"), WRONG)
def test_price_file_that_is_wrong_says_where(name: str, text: str, said: str, tmp_path: Path) -> None:
    """The message names the file, the line or the field, and the value."""
    path = _file(tmp_path, name, text)
    with pytest.raises(InputError) as raised:
        read_prices(path)
    assert said in str(raised.value)
    assert str(path) in str(raised.value)


def test_price_file_that_is_missing_or_binary_is_said(tmp_path: Path) -> None:
    """What cannot be read is an error of the user's, not a traceback."""
    with pytest.raises(InputError, match="cannot be read: No such file"):
        read_prices(tmp_path / "none.yaml")
    (tmp_path / "p.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="no text in UTF-8"):
        read_prices(tmp_path / "p.csv")

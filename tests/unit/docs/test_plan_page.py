"""docs/plan.md says what the code has."""

import re
from pathlib import Path

from batch_manager.planning.drawing import MOST_BOXES
from batch_manager.planning.plan import MOST_TYPES
from batch_manager.planning.sending import MEASURED
from batch_manager.prices import PRICES_VARIABLE, read_prices

PAGE = (Path(__file__).parents[3] / "docs" / "plan.md").read_text()


def test_page_has_the_limits_of_the_code() -> None:
    """A limit that is changed is changed here too."""
    for said in (f"{MEASURED:,} tasks", f"up to {MOST_TYPES};", f"Up to {MOST_BOXES} tasks", f"`{PRICES_VARIABLE}`"):
        assert said in PAGE


def test_price_files_of_the_page_say_the_same(tmp_path: Path) -> None:
    """The YAML of the example, and the CSV below it."""
    yaml = re.search(r"<<'END'\n(.*?)^END$", PAGE, re.DOTALL | re.MULTILINE)
    csv = re.search(r"^```csv\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    assert yaml is not None
    assert csv is not None
    (tmp_path / "p.yaml").write_text(yaml[1])
    (tmp_path / "p.csv").write_text(csv[1])
    assert read_prices(tmp_path / "p.yaml") == read_prices(tmp_path / "p.csv")

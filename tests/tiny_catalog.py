"""A catalog whose `mini` is a tiny model of the true classes, so that a worker is up soon."""

from pathlib import Path

from tests.unit.engine.conftest import V_PREDICTION
from tests.unit.engine.tiny_model import save_tiny_model

CATALOG = Path(__file__).parents[1] / "models" / "catalog.toml"
ABSENT = "absent"


def make_tiny_catalog(folder: Path) -> Path:
    """Write the model and the catalog; a second entry, `absent`, has no files."""
    save_tiny_model(folder / "mini", V_PREDICTION)
    text = CATALOG.read_text(encoding="utf-8")
    absent = text.replace('"mini"', f'"{ABSENT}"')
    path = folder / "catalog.toml"
    path.write_text(text + absent, encoding="utf-8")
    return path

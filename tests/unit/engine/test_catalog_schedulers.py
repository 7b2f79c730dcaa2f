"""The catalog promises of `mini` what the engine keeps."""

import json
from pathlib import Path

from shared.models.catalog import Catalog
from worker.engine.scheduler_names import SCHEDULERS, list_schedulers

# From a noise level of 4,096 these take hardly a step where `mini` would still see its picture.
BLIND = {"beta": {"euler", "dpm++2m", "dpm++2m-sde", "unipc"}}


def test_the_catalog_lists_what_the_engine_has_for_mini(mini: Path) -> None:
    entry = Catalog.load(mini.parent / "catalog.toml").get_model("mini")
    config = json.loads((mini / "scheduler" / "scheduler_config.json").read_text())
    spacings = {name: SCHEDULERS[name].list_spacings(config) for name in entry.schedulers}

    assert sorted(entry.schedulers) == sorted(list_schedulers(config))
    for spacing in ("karras", "exponential", "beta"):
        having = {name for name, offered in spacings.items() if spacing in offered}
        assert set(entry.sigmas[spacing]) == having - BLIND.get(spacing, set())

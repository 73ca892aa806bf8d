"""What the vendor sends, and what the mapping makes of it; the expected rows were read against the vendor's docs."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

from deskferry.connectors.kit.coverage import Coverage
from deskferry.connectors.kit.explain import explain
from deskferry.connectors.kit.mapper import Mapper
from deskferry.connectors.kit.mapping import Context
from deskferry.connectors.zendesk import CONNECTOR
from deskferry.connectors.zendesk.read import MAPS

_FILE = Path(__file__).parents[2] / "golden" / "rewrite.py"
_SPEC = importlib.util.spec_from_file_location("golden_rewrite", _FILE)
assert _SPEC is not None
assert _SPEC.loader is not None
golden = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(golden)


def rows(name: str) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = golden.rows_of(CONNECTOR, _FILE.parent / "zendesk" / f"{name}.raw.json")
    return found


def test_export_and_single_ticket_give_the_same_messages_and_files() -> None:
    exported, single = rows("events"), rows("history")
    for kind in ("message", "attachment"):
        ours = {row["id"]: row for row in exported[kind]}
        for row in single[kind]:
            told = {"raw_record_id", "rfc_message_id", "extra"}  # `metadata` comes with the list of comments only
            assert {k: v for k, v in row.items() if k not in told} == {
                k: v for k, v in ours[row["id"]].items() if k not in told
            }


def test_export_and_audits_give_the_same_changes() -> None:
    exported = {row["id"]: row for row in rows("events")["ticket_event"]}
    common = [row for row in rows("history")["ticket_event"] if row["id"] in exported]
    assert len(common) >= 9
    left_out = {"raw_record_id", "old_value", "old_value_chained", "actor_id", "actor_kind"}
    for row in common:
        ours = exported[row["id"]]
        assert {name for name in row if name not in left_out} == {name for name in ours if name not in left_out}
        assert all(row[name] == ours[name] for name in row if name not in left_out)
        if not ours.get("old_value_chained"):
            assert row.get("old_value") == ours.get("old_value")


def test_a_value_before_that_nobody_told_is_chained() -> None:
    by_id = {row["id"]: row for row in rows("events")["ticket_event"]}
    assert by_id["gold:ticket_event:1721"]["old_value_chained"] is True  # a change without previous_value
    assert "old_value_chained" not in by_id["gold:ticket_event:1712"]  # a creation: nothing was before
    assert by_id["gold:ticket_event:1751"]["old_value"] == "open"  # previous_value


def test_pictures_of_foreign_hosts_are_no_files() -> None:
    assert not [row for row in rows("events")["attachment"] if "evil" in row["url"] or "DDDD" in row["url"]]


def test_a_private_note_is_a_note_whoever_wrote_it() -> None:
    mapper = Mapper(MAPS["comment"], Context("c", "zendesk", "https://acme.zendesk.com"))
    for channel in ("chat", "native_messaging", "email", "web"):
        out: dict[str, list[Any]] = {}
        comment = {"id": 1, "ticket_id": 2, "author_id": -1, "public": False, "body": "x", "via": {"channel": channel}}
        assert mapper.apply(comment, "1", golden.NOW, out) is None
        assert "private_note" in out["message"][0]
        assert True not in out["message"][0]


def test_explain_names_the_source_of_each_field() -> None:
    payload = golden.load(_FILE.parent / "zendesk" / "tickets.raw.json")["ticket"][0]
    context = Context("gold", "zendesk", "https://acme.zendesk.com")
    by_field = {one.field: one for one in explain(MAPS["ticket"], context, payload, "ticket", "gold:ticket:42")}
    assert (by_field["status"].result, by_field["status"].converter) == ("on_hold", "ticket_status")
    assert (by_field["team_id"].path, by_field["team_id"].result) == ("group_id", "gold:group:9001")


def test_volatile_paths_do_not_change_a_record() -> None:
    context = Context("gold", "zendesk", "https://acme.zendesk.com")
    ticket = golden.load(_FILE.parent / "zendesk" / "tickets.raw.json")["ticket"][0]
    mapper = Mapper(MAPS["ticket"], context)
    moved = {**ticket, "generated_timestamp": 1, "satisfaction_probability": 0}
    assert mapper.raw_hash(ticket) == mapper.raw_hash(moved)
    assert mapper.raw_hash(ticket) != mapper.raw_hash({**ticket, "subject": "other"})
    user = golden.load(_FILE.parent / "zendesk" / "people.raw.json")["user"][0]
    mapper = Mapper(MAPS["user"], context)
    assert mapper.raw_hash(user) == mapper.raw_hash({**user, "last_login_at": None, "photo": None})


def test_the_real_account_is_mapped_whole() -> None:
    """A small real account beside the project, if it lies there: nothing rejected or unknown, every number kept."""
    folders = list(Path(__file__).parents[4].glob("*/samples/zendesk_account"))
    metrics: dict[int, Any] = {}
    for folder in folders:
        for line in (folder / "ticket_metrics.ndjson").read_text(encoding="utf-8").splitlines():
            one = json.loads(line)
            metrics[one["ticket_id"]] = one
        kept = 0
        names = {"tickets": "ticket", "users": "user", "groups": "group", "ticket_fields": "ticket_field",
                 "satisfaction_ratings": "satisfaction_rating"}  # fmt: skip
        for stem, name in names.items():
            mapper = Mapper(MAPS[name], Context("c", "zendesk", "https://example.zendesk.com"))
            coverage = Coverage(MAPS[name])
            for line in (folder / f"{stem}.ndjson").read_text(encoding="utf-8").splitlines():
                payload = json.loads(line)
                if name == "ticket" and payload["id"] in metrics:
                    payload["metric_set"] = metrics[payload["id"]]
                out: dict[str, list[Any]] = {}
                assert mapper.apply(payload, str(payload["id"]), golden.NOW, out) is None
                coverage.add([payload])
                kept += len(out.get("vendor_metric", ()))
            assert not [line for line in coverage.report() if line[1] == "unknown"]
        assert kept == sum(_numbers(one) for one in metrics.values())


def _numbers(metric_set: dict[str, Any]) -> int:
    plain = sum(isinstance(value, int) for key, value in metric_set.items() if key not in {"id", "ticket_id"})
    return plain + sum(
        isinstance(value, int) for part in metric_set.values() if isinstance(part, dict) for value in part.values()
    )

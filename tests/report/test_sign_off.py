"""The sign-off of a migration: it adds up, it says what is wrong, and it is what the store holds."""

from __future__ import annotations

import json
import time
from collections import Counter
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from sqlalchemy import func, select

from deskferry.canonical_schema import sql_table
from deskferry.errors import ConfigError, TooManyErrors
from deskferry.migrate.load import LoadOptions
from deskferry.migrate.scope import Scope
from deskferry.report.sign_off import document as made
from deskferry.report.sign_off.write import write_sign_off
from deskferry.store import Store, machinery
from deskferry.store.state import begin_run, end_run
from tests.migrate.builder import START
from tests.migrate.world import World
from tests.report.conftest import Report
from tests.report.pages import check_page, table_after


def check_schema(found: dict[str, Any]) -> None:
    text = resources.files("deskferry.report").joinpath("json/sign_off.schema.json").read_text(encoding="utf-8")
    errors = [f"{list(one.path)}: {one.message}" for one in Draft202012Validator(json.loads(text)).iter_errors(found)]
    assert errors == []


def by_kind(found: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {one["kind"]: one for one in found["counts"]["kinds"]}


def rows(store: Store, kind: str) -> int:
    table = sql_table(kind)
    with store.read() as database:
        statement = select(func.count()).select_from(table).where(table.c.connection == "old")
        count: int = database.execute(statement).scalar_one()
    return count


def last_run(store: Store) -> str:
    table = machinery.run
    with store.read() as database:
        statement = select(table.c.id).where(table.c.command == "migrate").order_by(table.c.id.desc())
        run_id: str = database.execute(statement).scalars().first()
    return run_id


def test_it_adds_up_to_what_the_source_holds(world: World, sign_off: Report) -> None:
    result = world.migrate(prove=True)
    found = sign_off(result.run_id)
    check_schema(found)
    assert found["counts"]["adds_up"] is True
    for kind, one in by_kind(found).items():
        assert one["source"] == rows(world.store, kind), kind
        before = sum(one["left_out"].values()) + one["out_of_scope"] + one["matched"] + one["twins"]
        assert one["source"] == before + one["chosen"] - one["added"], kind
        assert one["chosen"] == sum(one["outcome"].values()) + one["lost"] + one["not_reached"] - one["again"], kind
    kinds = by_kind(found)
    assert kinds["ticket"]["left_out"] == {"spam": 1}
    assert kinds["message"]["left_out"] == {"draft": 1, "ticket_left": 1}
    assert kinds["person"]["twins"] == 1
    assert kinds["person"]["added"] == 1
    assert kinds["attachment"]["outcome"] == {"carried": 1}
    assert (kinds["ticket"]["checked"], kinds["ticket"]["equal"]) == (3, 3)
    assert found["verdict"]["code"] == "good_with_losses"
    assert found["proof"] == {"holds": True, "would_send": 0, "in_doubt": 0}
    assert found["placeholders"]["total"] == 2


def test_a_second_run_counts_what_crossed_before(world: World, sign_off: Report) -> None:
    world.migrate()
    world.source.message("3", "32", "And more.", author_id=world.source.id("user", "99"), seq=2)
    found = sign_off(world.migrate().run_id)
    assert found["counts"]["adds_up"] is True
    assert by_kind(found)["ticket"]["outcome"] == {"unchanged": 3}
    assert by_kind(found)["message"]["outcome"] == {"created": 1, "unchanged": 6}
    assert "earlier_tickets" in {one["code"] for one in found["not_checked"]}
    assert len(found["tickets"]) == 3


def test_a_sample_tells_what_was_not_asked_for(world: World, sign_off: Report) -> None:
    found = sign_off(world.migrate(scope=Scope(sample=1)).run_id)
    assert found["counts"]["adds_up"] is True
    assert by_kind(found)["ticket"]["out_of_scope"] == 2


def test_every_loss_is_told_in_words_and_listed(world: World, sign_off: Report) -> None:
    result = world.migrate()
    found = sign_off(result.run_id)
    with world.store.read() as database:
        lost = Counter(database.execute(select(machinery.loss.c.cause)).scalars())
    causes = [one for group in found["losses"]["groups"] for one in group["causes"]]
    assert {one["cause"]: one["count"] for one in causes} == dict(lost)
    assert len(found["loss_rows"]) == found["losses"]["total"] == sum(lost.values())
    assert Counter(one["cause"] for one in found["loss_rows"]) == lost
    assert all(one["text"] for one in causes)


def test_effects_tell_the_consent_and_how_often(world: World, sign_off: Report) -> None:
    found = sign_off(world.migrate().run_id)
    with world.store.read() as database:
        sent = database.execute(select(machinery.write_op.c.request).where(machinery.write_op.c.state == "done"))
        seen = Counter(name for request in sent.scalars() for name in request["effects"])
    assert {one["name"]: one["sent"] for one in found["effects"]} == dict(seen)
    assert all(one["accepted"] for one in found["effects"])


def test_the_page_shows_the_same_sums(world: World, store: Store, tmp_path: Path) -> None:
    result = world.migrate()
    for language, caption, kind in (("en", "From the source", "Tickets"), ("es", "Del origen", "Tickets")):
        path = tmp_path / f"{language}.html"
        write_sign_off(store, result.run_id, path, language)
        page = check_page(path, language)
        line = next(one for one in table_after(page, caption) if one[0] == kind)
        assert line[1:7] == ["4", "1", "0", "0", "0", "3"]
    assert "3 tickets con 6 mensajes" in page.css_first(".says").text()
    assert oct(path.stat().st_mode)[-3:] == "600"


def test_a_sum_that_does_not_add_up_is_said(world: World, store: Store, sign_off: Report, tmp_path: Path) -> None:
    run_id = world.migrate().run_id
    table = machinery.run
    with store.write() as database:
        counts = database.execute(select(table.c.counts).where(table.c.id == run_id)).scalar_one()
        counts["load"]["kinds"]["ticket"]["created"] -= 1
        database.execute(table.update().where(table.c.id == run_id).values(counts=counts))
    found = sign_off(run_id)
    assert found["counts"]["adds_up"] is False
    assert by_kind(found)["ticket"]["outcome_adds_up"] is False
    assert (found["verdict"]["code"], [one["code"] for one in found["verdict"]["against"]]) == ("against", ["sums"])
    write_sign_off(store, run_id, tmp_path / "r.html", "en")
    page = check_page(tmp_path / "r.html", "en")
    assert "does not add up" in "".join(table_after(page, "What became")[3])


def test_a_stopped_run_says_so_loudly(world: World, store: Store, sign_off: Report, tmp_path: Path) -> None:
    world.desk.before = lambda _n, operation: "refuse" if operation.call == "ticket.create" else None
    with pytest.raises(TooManyErrors):
        world.migrate(max_errors=0)
    run_id = last_run(store)
    found = sign_off(run_id)
    check_schema(found)
    assert found["verdict"]["code"] == "stopped"
    assert found["title"]["exit_code"] == 4
    assert by_kind(found)["ticket"]["outcome_adds_up"] is not False
    assert found["operations"]["failed"]["total"] >= 1
    write_sign_off(store, run_id, tmp_path / "r.html", "es")
    page = check_page(tmp_path / "r.html", "es")
    assert page.css_first(".verdict").attributes["class"] == "verdict bad"
    assert "ESTA EJECUCIÓN SE DETUVO" in page.css_first(".says").text()


def test_a_run_without_an_end_or_a_plan_has_a_report(store: Store, world: World, sign_off: Report) -> None:
    run_id = begin_run(store, "migrate", "old>new", START)
    found = sign_off(run_id)
    check_schema(found)
    assert found["verdict"]["code"] == "unfinished"
    assert "nothing_told" in {one["code"] for one in found["not_checked"]}


def test_a_run_without_consent_is_no_migration(world: World, store: Store, sign_off: Report) -> None:
    with pytest.raises(ConfigError, match="not accepted"):
        world.migrate(load=LoadOptions(frozenset()))
    found = sign_off(last_run(store))
    assert found["verdict"]["code"] == "not_begun"


def test_what_a_rollback_left_is_listed(world: World, store: Store, sign_off: Report) -> None:
    run_id = world.migrate().run_id
    back = begin_run(store, "rollback", "old>new", "2030-01-01T00:00:00.000000Z")
    counts = {"run_id": back, "of": run_id, "residues": {"ticket_in_trash": 3}}
    end_run(store, back, 1, counts, [], "2030-01-01T00:01:00.000000Z")
    found = sign_off(run_id)
    check_schema(found)
    assert found["undoing"]["residues"] == [{"code": "ticket_in_trash", "count": 3}]
    assert (found["undoing"]["rolled_back"], [one["run_id"] for one in found["undoing"]["runs"]]) == (False, [back])
    table = machinery.run
    with store.write() as database:
        kept = database.execute(select(table.c.counts).where(table.c.id == run_id)).scalar_one()
        kept["rolled_back"] = {"complete": True, "run_id": back}
        database.execute(table.update().where(table.c.id == run_id).values(counts=kept))
    assert sign_off(run_id)["verdict"]["code"] == "rolled_back"


def test_what_was_refused_and_what_differs_stands_against_it(world: World, store: Store, sign_off: Report) -> None:
    world.desk.before = lambda _n, operation: "refuse" if operation.record_id == "old:ticket:3" else None

    def corrupt(_n: int, operation: Any) -> None:
        if operation.record_id == "old:ticket:2" and operation.part == "state":
            world.ticket("2")["messages"][1]["private"] = False

    world.desk.after = corrupt
    found = sign_off(world.migrate().run_id)
    check_schema(found)
    against = {one["code"]: one["n"] for one in found["verdict"]["against"]}
    assert against.keys() == {"differences", "failed"}
    assert {one["field"] for one in found["differences"]["by_field"]} == {"visibility"}
    assert by_kind(found)["ticket"]["outcome"] == {"created": 2, "refused": 1}
    assert found["counts"]["adds_up"] is True
    assert found["tickets"][0]["record_id"] == "old:ticket:2" or not found["tickets"][0]["differs"]


def test_the_latest_look_at_the_source_is_told_whatever_command_took_it(
    world: World, store: Store, sign_off: Report
) -> None:
    looks = [("validate", "old", "first"), ("validate", None, "second"), ("audit", "old", "third")]
    run_id = world.migrate().run_id
    for day, (command, connection, rule) in enumerate(looks, 1):
        looked = begin_run(store, command, connection, f"2030-01-0{day}T00:00:00.000000Z")
        common = {"run_id": looked, "severity": "error", "kind": "ticket", "advice": "Look.", "detail": "odd"}
        with store.write() as database:
            for name, what in (("old", rule), ("new", "of another desk")):
                database.execute(
                    machinery.finding.insert().values(
                        connection=name, rule=what, record_id=f"{name}:ticket:1", **common
                    )
                )
        found = sign_off(run_id)["findings"]["validate"]
        assert (found["run_id"], [one["rule"] for one in found["findings"]]) == (looked, [rule])
        assert [one["record_id"] for one in found["findings"][0]["examples"]] == ["old:ticket:1"]


def test_tickets_lie_side_by_side_the_same_every_time(world: World, sign_off: Report) -> None:
    run_id = world.migrate().run_id
    first, second = sign_off(run_id), sign_off(run_id)
    assert first == second
    pairs = {one["record_id"]: one for one in first["tickets"]}
    assert set(pairs) == {"old:ticket:1", "old:ticket:2", "old:ticket:3"}
    two = pairs["old:ticket:2"]
    assert [one["source"] and one["source"]["public"] for one in two["messages"]] == [True, False, True, True]
    assert [one["destination"]["public"] for one in two["messages"][:3]] == [True, False, True]
    assert (two["messages"][3]["source"]["state"], two["messages"][3]["destination"]) == ("draft", None)
    assert "Internal: éè 🎉" in two["messages"][1]["destination"]["words"]["text"]
    assert pairs["old:ticket:1"]["messages"][1]["destination"]["files"][0]["text"] == "photo.png"


@pytest.mark.parametrize("name", ["report.txt", "report", "-"])
def test_the_suffix_decides(world: World, store: Store, tmp_path: Path, name: str) -> None:
    run_id = world.migrate(verify=False).run_id
    with pytest.raises(ConfigError, match=r"\.html or \.json"):
        write_sign_off(store, run_id, tmp_path / name, "en")


def test_only_a_migration_has_a_sign_off(store: Store, tmp_path: Path) -> None:
    run_id = begin_run(store, "pull", "old", START)
    with pytest.raises(ConfigError, match="is a pull"):
        write_sign_off(store, run_id, tmp_path / "r.html", "en")
    with pytest.raises(ConfigError, match="There is no run nope"):
        write_sign_off(store, "nope", tmp_path / "r.html", "en")


def test_nobody_sees_half_a_report(world: World, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id, path = world.migrate(verify=False).run_id, tmp_path / "r.json"
    path.write_text("the one before")

    def fails(_facts: Any) -> Any:
        yield {"cause": "one"}
        raise RuntimeError("in the middle")

    monkeypatch.setattr("deskferry.report.sign_off.write.loss_rows", fails)
    with pytest.raises(RuntimeError, match="in the middle"):
        write_sign_off(store, run_id, path, "en")
    assert path.read_text() == "the one before"
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".")] == []


def test_fifty_thousand_losses_stay_readable(world: World, store: Store, tmp_path: Path) -> None:
    run_id = world.migrate(verify=False).run_id
    causes = ("created_at_in_text", "history_not_written", "field_unmatched", "file_too_large", "existing_record_kept")
    lost = [
        {"run_id": run_id, "record_id": f"old:ticket:{n}", "field": f"custom_fields.{n % 900}", "value": "x" * 300,
         "cause": causes[n % 5], "planned": n % 7 != 0}
        for n in range(50_000)
    ]  # fmt: skip
    with store.write() as database:
        database.execute(machinery.loss.insert(), lost)
    begun = time.perf_counter()
    write_sign_off(store, run_id, tmp_path / "r.html", "en")
    seconds = time.perf_counter() - begun
    assert (tmp_path / "r.html").stat().st_size < 3_000_000
    assert seconds < 5.0
    check_page(tmp_path / "r.html", "en")
    write_sign_off(store, run_id, tmp_path / "r.json", "en")
    found = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert len(found["loss_rows"]) >= 50_000
    assert found["losses"]["unplanned"] >= 7_000


def test_the_form_has_a_name() -> None:
    assert made.FORM == "deskferry-sign-off/1"

"""Data that wants out of its place: markup, scripts, directions, lengths, halves of characters, nothing at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deskferry.report.excerpt import excerpt, link
from deskferry.report.sign_off.write import write_sign_off
from deskferry.store import Store
from tests.migrate.world import World
from tests.report.pages import check_page

SCRIPT = "<script>alert('x')</script>"
IMAGE = '"><img src=x onerror=alert(1)>{{ 7*7 }}{% raw %}'
BACKWARDS = "\u202egnp.exe\u2066 \u05d0\u05d1"
LONG = "word " * 2_000


def hostile(world: World) -> World:
    """Put what hurts wherever a report shows data."""
    one = world.source
    one.person("1", IMAGE, "cora@acme.org", organization_id=one.id("organization", "1"))
    one.organization("1", f"{SCRIPT}{BACKWARDS}")
    one.person("4", f"{BACKWARDS}{SCRIPT}", f"{IMAGE}@x.org", role="agent")
    one.ticket("1", f"{SCRIPT} {BACKWARDS}", requester_id=one.id("user", "1"), tags=["<b>vip</b>"],
               source_url="javascript:alert(1)", custom_fields={"gone": SCRIPT})  # fmt: skip
    one.message("1", "11", f"{IMAGE} {LONG} 🎉👩‍👩‍👧", author_id=one.id("user", "1"))
    one.ticket("2", LONG, requester_id=one.id("user", "1"), source_url='https://old.example/agent/tickets/2"onclick="x')
    one.ticket("3", None, requester_id=one.id("user", "99"))  # type: ignore[arg-type]
    one.message("3", "31", "", author_id=one.id("user", "99"))
    one.custom_field("gone", SCRIPT, "text")
    world.mapping = '[agents]\n"<script>alert(2)</script>@x.org" = "placeholder"\n'
    return world


@pytest.mark.parametrize("language", ["en", "es"])
def test_data_never_leaves_its_place(world: World, store: Store, tmp_path: Path, language: str) -> None:
    run_id = hostile(world).migrate().run_id
    path = tmp_path / "r.html"
    write_sign_off(store, run_id, path, language)
    page = check_page(path, language, "old.example")
    text = path.read_text(encoding="utf-8")
    assert "<script" not in text
    assert "<img" not in text
    assert "{{ 7*7 }}" in page.body.text()  # type: ignore[union-attr]
    assert "<b>vip" not in text
    assert "word " * 200 not in text
    numbers = "10,000" if language == "en" else "10.000"
    assert any(numbers in one.text() for one in page.css(".small")) or "9,999" in text or "9.999" in text
    for one in page.css("bdi"):
        assert one.css_matches("bdi")
    outside = [node for node in page.css("h3, td, th, li") if "\u202e" in (node.text(deep=False) or "")]
    assert outside == []
    ticket = next(one for one in page.css("article") if "alert('x')" in one.css_first("h3").text())
    assert [one.attributes["href"] for one in ticket.css("a") if "javascript" in (one.attributes["href"] or "")] == []


def test_json_takes_it_too(world: World, store: Store, tmp_path: Path) -> None:
    run_id = hostile(world).migrate().run_id
    write_sign_off(store, run_id, tmp_path / "r.json", "en")
    found = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    one = next(each for each in found["tickets"] if each["record_id"] == "old:ticket:2")
    assert one["source"]["subject"]["characters"] == len(LONG) - 1
    assert len(one["source"]["subject"]["text"]) <= 200
    nothing = next(each for each in found["tickets"] if each["record_id"] == "old:ticket:3")
    assert nothing["source"]["subject"] is None


def test_an_excerpt_has_no_control_characters_and_its_length() -> None:
    assert excerpt(None) is None
    assert excerpt("") is None
    assert excerpt("a\x00b\x1b[31m\ud800") == {"text": "a�b�[31m�", "characters": 9}
    assert excerpt("x" * 300, 10) == {"text": "x" * 10, "characters": 300}
    assert excerpt("a\n  b\tc") == {"text": "a b c", "characters": 5}


def test_links_lead_to_pages_only() -> None:
    for url in (
        "javascript:alert(1)",
        " JavaScript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "//x",
        "",
        None,
    ):
        assert link(url) is None
    assert link("https://a.example/1") == "https://a.example/1"

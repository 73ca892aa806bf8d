"""A desk whose names want out of their place, and its dashboard."""

from __future__ import annotations

from pathlib import Path

from deskferry.metrics.asking import asked
from deskferry.metrics.dashboard import Dashboard, dashboard
from deskferry.report.metrics.page import page
from deskferry.report.output_file import replaced
from deskferry.report.wording import Words
from deskferry.store import open_store
from deskferry.toml_table import Table
from tests.metrics.build import World
from tests.report.test_hostile import BACKWARDS, IMAGE, LONG, SCRIPT

AGENTS = (SCRIPT, IMAGE, BACKWARDS, LONG, "")


def hostile_desk(folder: Path) -> World:
    """Add tickets of a month, answered by agents whose names are markup, on channels that are."""
    world = World(folder)
    for number, name in enumerate(AGENTS):
        agent = f"old:user:{number}"
        world.put("person", id=agent, name=name, role="agent")
        for day in (5, 6, 13):
            at = f"2026-01-{day + number:02} {8 + number:02}:15"
            ticket = world.ticket(at, channel="other", channel_label=SCRIPT, assignee_id=agent, tags=(IMAGE,))
            world.customer(ticket, at)
            world.message(ticket, f"{at[:11]}{9 + number:02}:45", "agent", author_id=agent)
            if day != 13:
                world.status(ticket, f"{at[:11]}{12 + number:02}:00", "solved")
    return world


def numbers(world: World, *names: str, **given: object) -> Dashboard:
    """Return the numbers of a dashboard."""
    chosen, question = asked(names, {"timezone": "Europe/Madrid", **given}, Table({}, "", Path()))
    with open_store(world.write()) as store:
        return dashboard(store, chosen, question, world.as_of)


def written(found: Dashboard, path: Path, language: str = "en") -> Path:
    """Write a dashboard."""
    with replaced(path) as target:
        target.write(page(found, Words(language)).encode("utf-8", "replace"))
    return path

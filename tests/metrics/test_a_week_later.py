"""Shifting all times by a week shifts nothing, through a store and a snapshot as well."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.metrics.build import World

At = Callable[[str], str]


def story(world: World, at: At) -> None:
    """A Monday with a bit of everything that these metrics read."""
    world.schedule()
    ann = world.agent()
    for channel in ("chat", "email"):
        ticket = world.ticket(at("09:00"), channel=channel, assignee_id=ann)
        world.status(ticket, at("09:00"), "open")
        message = world.customer(ticket, at("09:00"))
        world.reply(ticket, at("10:30"))
        world.status(ticket, at("11:00"), "pending")
        world.status(ticket, at("12:00"), "solved")
        for kind, hour in (("apply", "09:00"), ("activate", "09:00"), ("fulfill", "10:30")):
            world.put("sla_event", ticket_id=ticket, metric="reply_time", instance=1, kind=kind, business_hours=True,
                      occurred_at=at(hour), target_seconds=3600.0 if channel == "chat" else 7200.0)  # fmt: skip
        world.put("sentiment", message_id=message, label="positive", model="m")
        world.put(
            "mention", network="x", author=channel, occurred_at=at("09:00"), ticket_id=ticket, external_id=channel
        )
        world.put("time_entry", ticket_id=ticket, person_id=ann, started_at=at("09:30"), seconds=1800.0, kind="work")
        world.put("interaction", ticket_id=ticket, agent_id=ann, channel="phone", outcome="answered",
                  queue_entered_at=at("09:00"), answered_at=at("09:02"), ended_at=at("09:12"))  # fmt: skip
        for kind, scale in (("nps", (0.0, 10.0)), ("ces", (1.0, 7.0)), ("agent", (1.0, 5.0))):
            for n in range(6):
                world.put("survey_response", kind=kind, score=scale[1] - n % 2, scale_min=scale[0], scale_max=scale[1],
                          ticket_id=ticket if kind != "agent" else None, person_id=f"old:user:{n}",
                          sent_at=at("12:00"), answered_at=at("13:00"))  # fmt: skip
    world.put("interaction", channel="phone", outcome="abandoned", queue_entered_at=at("09:00"), ended_at=at("09:05"))
    world.put("agent_state", agent_id=ann, state="busy", from_at=at("09:00"), to_at=at("12:00"))
    world.put("agent_state", agent_id=ann, state="available", from_at=at("11:00"), to_at=at("14:00"))
    world.put("agent_shift", agent_id=ann, from_at=at("08:00"), to_at=at("16:00"))


def told(folder: Path, metric: str, weeks: int, *, through_store: bool) -> list[object]:
    folder.mkdir()
    monday = datetime(2026, 1, 5, tzinfo=UTC) + timedelta(weeks=weeks)
    world = World(folder, as_of=(monday + timedelta(weeks=5)).isoformat())
    world.through_store = through_store
    story(world, lambda clock: f"{monday:%Y-%m-%d} {clock}")
    return [(one.clock, one.total, one.extra) for one in world.compute_all(metric)]


@pytest.mark.parametrize("metric", ["M11", "M20", "M22", "M23", "M24", "M29", "M30", "M32", "M35", "M43"])
def test_a_week_later_is_the_same(tmp_path: Path, metric: str) -> None:
    now = told(tmp_path / "now", metric, 0, through_store=False)
    assert told(tmp_path / "later", metric, 1, through_store=True) == now

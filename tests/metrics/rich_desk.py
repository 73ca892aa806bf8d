"""A desk that has a bit of everything that metrics read, and of everything that is ugly, the same each time.

Two connections of fifteen weeks: ties of the same second, events out of order, times before the creation, people whom
nobody knows, merged and deleted tickets, two schedules over a change of the clocks, values of fields of every type.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from tests.metrics.build import World

FIRST = datetime.fromisoformat("2026-01-05 08:00")
AS_OF = "2026-04-20 12:00"
CHANNELS = ("email", "chat", "phone", None)
PRIORITIES = ("low", "normal", "high", "urgent", None)
TAGS = ("vip", "ärger", "escalated")
TONES = ("positive", "negative", "neutral", "?")
PLANS: tuple[Any, ...] = ("pro", 'ünï "quoted" \\ plan', ["a", "b"], [], 7, 2.5, True, None, "", "null", {"x": 1})
"""Values of a custom field, one of each type."""
COMMENTS = (None, "", "great 👍", "very bad\nindeed")


class _Author:
    """Writes the tickets of one connection."""

    def __init__(self, world: World, chance: Random) -> None:
        self.world, self.chance = world, chance
        self.tickets: list[str] = []
        self.schedules = [world.schedule(name="office", timezone="Europe/Madrid"),
                          world.schedule({"sat": ("10:00", "14:00"), "mon": ("22:00", "06:00")}, "America/New_York",
                                         name="weekend", holidays=(("2026-03-28", "2026-03-30"),))]  # fmt: skip
        self.agents = [world.agent(name) for name in ("Ann", "Bob", "Eve")] + [f"{world.connection}:user:gone"]
        self.teams = [world.put("team", name=name) for name in ("First", "Second")]
        self.organizations = [world.put("organization", name=name) for name in ("Acme", "Ümlaut & Söhne")]
        self.articles = [world.put("article", title=f"How {number}") for number in range(3)]
        self.policy = world.put("sla_policy", name="gold", targets=[
            {"metric": name, "priority": None, "seconds": 7200, "business_hours": hours}
            for name, hours in (("first_reply_time", False), ("resolution_time", True), ("next_reply_time", True))
        ])  # fmt: skip
        world.put("person", id=f"{world.connection}:user:robot", name="Robot", role="bot")
        world.put("custom_field", kind="ticket", key="plan", label="Plan", type="list",
                  options=[{"value": "pro", "label": "Professional"}])  # fmt: skip

    def moment(self, day: float, hours: float = 0) -> str:
        return (FIRST + timedelta(days=day, seconds=round(hours * 3600))).isoformat()

    def ticket(self, number: int) -> None:
        world, chance = self.world, self.chance
        created = chance.choice(range(98)) + chance.choice((0, 0.25, 0.5))
        customer = f"Customer {chance.randrange(14)}"
        ticket = world.ticket(
            self.moment(created), requester=customer, tags=tuple(chance.sample(TAGS, number % 3)),
            channel=chance.choice(CHANNELS), priority=chance.choice(PRIORITIES), team_id=chance.choice(self.teams),
            assignee_id=chance.choice((*self.agents, None)), organization_id=chance.choice((*self.organizations, None)),
            custom_fields=chance.choice((None, {"plan": chance.choice(PLANS), "other": "y"})),
            language=chance.choice(("en", "es", None)), type="incident" if number % 5 == 0 else None,
            is_spam=True if number % 17 == 16 else None, is_escalated=chance.choice((True, False, None)),
        )  # fmt: skip
        if number % 13 == 12:
            world.change(ticket, merged_into_id=self.tickets[0], status="merged")
        if number % 19 == 18:
            world.change(ticket, deleted_at=self.moment(created + 1))
        if number % 11 == 10:
            world.change(ticket, requester_id=None)
        if number % 4:
            world.ticket_schedule(ticket, chance.choice((*self.schedules, "nowhere")), self.moment(created))
        if number % 8 == 7:
            world.ticket_schedule(ticket, self.schedules[1], self.moment(created + 0.5))
        self.talk(ticket, created, customer)
        self.moves(ticket, created)
        self.work(ticket, created)
        if number % 23 == 22:
            world.change(ticket, solved_at=self.moment(created - 1))
        self.surveys(ticket, created, customer)
        self.tickets.append(ticket)

    def talk(self, ticket: str, created: float, customer: str) -> None:
        world, chance, hours = self.world, self.chance, 0.0
        messages = [world.message(ticket, self.moment(created), "end_user", author_id=world.person(customer))]
        for _turn in range(chance.randrange(6)):
            hours += chance.choice((0, 0.01, 0.5, 3, 30))
            agent = chance.choice(self.agents)
            how = chance.randrange(5)
            if how == 0:
                world.message(ticket, self.moment(created, hours), "bot", author_id=f"{world.connection}:user:robot",
                              via=chance.choice(("rule", None)))  # fmt: skip
            elif how == 1:
                messages.append(world.message(ticket, self.moment(created, hours), "end_user",
                                              chat_session_id=f"s{ticket}",
                                              author_id=world.person(customer)))  # fmt: skip
            else:
                world.message(ticket, self.moment(created, hours), "agent", author_id=agent, is_public=how != 2,
                              kind="private_note" if how == 2 else "public_reply")  # fmt: skip
        for message in messages:
            if chance.random() < 0.7:
                world.put("sentiment", message_id=message, label=chance.choice(TONES),
                          score=chance.choice((0.5, None)), model=chance.choice(("m", "m", "m", "n")))  # fmt: skip

    def moves(self, ticket: str, created: float) -> None:
        world, chance, hours = self.world, self.chance, chance_start(self.chance)
        statuses = ["open", "pending", "on_hold", "solved", "open", "solved", "closed"][: chance.randrange(1, 8)]
        for status in statuses:
            world.status(ticket, self.moment(created, hours), status, agent=chance.choice(("Ann", "Bob", None)))
            if chance.random() < 0.4:
                world.event(ticket, self.moment(created, hours), "assignee_id", chance.choice((*self.agents, None)))
            if chance.random() < 0.2:
                world.event(ticket, self.moment(created, hours), "team_id", chance.choice(self.teams))
            hours += chance.choice((0, 0.2, 5, 50, 500))
        world.event(ticket, self.moment(created), "tags", '["vip", "new"]', old="[]")
        world.event(ticket, self.moment(created, 2), "custom_field:plan", "pro", old="basic")
        for number, kind in enumerate(("apply", "activate", chance.choice(("fulfill", "breach", "pause")))):
            world.put("sla_event", ticket_id=ticket, policy_id=self.policy, metric="reply_time", instance=1, kind=kind,
                      business_hours=chance.random() < 0.5, target_seconds=chance.choice((3600.0, 86400.0)),
                      occurred_at=self.moment(created, 0.8 * number))  # fmt: skip

    def work(self, ticket: str, created: float) -> None:
        world, chance, agent = self.world, self.chance, self.chance.choice(self.agents)
        for kind in chance.sample(("work", "talk", "wrap", "viewing"), 2):
            world.put("time_entry", ticket_id=ticket, person_id=agent, started_at=self.moment(created, 1), kind=kind,
                      seconds=chance.choice((60.0, 900.5, 20000.0)))  # fmt: skip
        outcome = chance.choice(("answered", "abandoned", "missed", "voicemail"))
        world.put("interaction", ticket_id=ticket, agent_id=agent, channel=chance.choice(("phone", "chat")),
                  outcome=outcome, queue_entered_at=self.moment(created), ended_at=self.moment(created, 0.3),
                  answered_at=self.moment(created, 0.01) if outcome == "answered" else None)  # fmt: skip
        world.put("mention", network="x", external_id=ticket if chance.random() < 0.8 else "twice", author="fan",
                  occurred_at=self.moment(created), ticket_id=chance.choice((ticket, None)),
                  direction=chance.choice(("in", "out", None)), extra={"is_share": chance.random() < 0.2})  # fmt: skip

    def surveys(self, ticket: str, created: float, customer: str) -> None:
        world, chance, person = self.world, self.chance, self.world.person(customer)
        for kind, least, most in (("csat", 1.0, 5.0), ("nps", 0.0, 10.0), ("ces", 1.0, 7.0), ("agent", 1.0, 5.0)):
            answered = chance.random() < 0.7
            of_agent = kind == "agent"
            world.put("survey_response", kind=kind, ticket_id=None if of_agent else ticket, person_id=person,
                      agent_id=chance.choice((*self.agents, None)), scale_min=least, scale_max=most,
                      score=float(chance.randrange(int(least), int(most) + 1)) if answered else None,
                      comment=chance.choice(COMMENTS), sent_at=self.moment(created, 9),
                      answered_at=self.moment(created, 10) if answered else None)  # fmt: skip
        agent, reviewer = chance.choice(self.agents), chance.choice(self.agents)
        world.put("review", ticket_id=ticket, agent_id=agent, reviewer_id=reviewer,
                  score=float(chance.randrange(100)), scale_min=0.0, scale_max=100.0,
                  reviewed_at=self.moment(created, 40))  # fmt: skip
        for name in ("reopens", "reply_time_in_minutes"):
            world.put("vendor_metric", ticket_id=ticket, name=name, value=float(chance.randrange(4)))

    def customers(self) -> None:
        world, chance = self.world, self.chance
        for number in range(14):
            person = world.person(f"Customer {number}", emails=[{"value": f"c{number}@example.com"}])
            begin = chance.randrange(-60, 30)
            world.put("subscription", customer_id=person, active_from=self.moment(begin),
                      active_to=self.moment(begin + 50) if number % 3 == 0 else None)  # fmt: skip
            for _order in range(chance.randrange(5)):
                world.put("purchase", customer_id=person, occurred_at=self.moment(chance.randrange(98), 3), amount=9.99,
                          currency="EUR", state=chance.choice(("paid", "refunded", None)))  # fmt: skip
            for view in range(chance.randrange(9)):
                at = self.moment(chance.randrange(98), chance.choice((0, 0.004, 0.4)) * view)
                world.put("article_view", visitor_id=f"v{number}", article_id=chance.choice((*self.articles, None)),
                          session_id=f"s{number}" if number % 2 else None, occurred_at=at,
                          person_id=chance.choice((person, None)))  # fmt: skip
        for number, ticket in enumerate(self.tickets[:6]):
            world.put("article_comment", article_id=chance.choice(self.articles), created_at=self.moment(number),
                      author_id=world.person("Customer 1"), ticket_id=ticket)  # fmt: skip

    def agents_days(self) -> None:
        world, chance = self.world, self.chance
        for agent in self.agents:
            for day in range(0, 98, 3):
                world.put("agent_shift", agent_id=agent, from_at=self.moment(day), to_at=self.moment(day, 8))
                for state in ("available", "busy", "break"):
                    start = chance.choice((0, 1, 2.5))
                    world.put("agent_state", agent_id=agent, state=state, from_at=self.moment(day, start),
                              to_at=self.moment(day, start + chance.choice((1, 4))))  # fmt: skip


def chance_start(chance: Random) -> float:
    """Return after how many hours the history begins: some begins before its ticket."""
    return chance.choice((0, 0, 0, -0.5, 1))


def rich_desk(folder: Path) -> World:
    """Return a world with two such connections."""
    world = World(folder, as_of=AS_OF)
    for connection, vendor, seed, tickets in (("old", "zendesk", 11, 70), ("new", "freshdesk", 12, 25)):
        world.connection, world.vendor = connection, vendor
        author = _Author(world, Random(seed))
        for number in range(tickets):
            author.ticket(number)
        author.customers()
        author.agents_days()
    return world

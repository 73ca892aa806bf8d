"""The life of one ticket: who said what when, what changed, how it ended; a function of seed and key."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any, Final

from deskferry.simulators.account.cast import channel_of, moment_of, role_of
from deskferry.simulators.account.files_of import files_of
from deskferry.simulators.account.model import SYSTEM, Change, Csat, Message, Score, Ticket, Update
from deskferry.simulators.account.people import DAY, Population
from deskferry.simulators.account.texts import Style, TextRecipe, subject

HOUR: Final = 3600
CLOSE_AFTER: Final = 96 * HOUR
_PRIORITIES: Final = ("low", "normal", "normal", "normal", "high", "urgent", None)
_STATUS_KEYS: Final = {"new": 1, "open": 2, "pending": 3, "hold": 4, "solved": 5, "closed": 5}


@dataclass(slots=True)
class Draft:
    """A ticket in the making."""

    key: int
    role: str
    rng: random.Random
    population: Population
    limit: int
    now: int
    language: str
    values: dict[str, Any] = field(default_factory=dict)
    updates: list[Update] = field(default_factory=list)
    pending: list[Change] = field(default_factory=list)

    def wait(self, hours: float, office: bool = False) -> None:
        """Let time pass, for agents until the office opens; never past the limit."""
        step = int(self.rng.expovariate(1 / (hours * HOUR))) + 20
        later = self.now + step
        if office:
            hour = later // HOUR % 24
            later += (7 - hour) % 24 * HOUR if not 7 <= hour < 19 else 0
        self.now = min(later, self.now + max((self.limit - self.now) // 3, 1))

    def change(self, name: str, new: Any) -> None:
        """Note a change for the next update; none where nothing changes."""
        old = self.values.setdefault(name, None)
        if old != new:
            self.pending.append(Change(name, old, new))
            self.values[name] = new
            if name == "status":
                self.change("custom_status", _STATUS_KEYS[new])

    def commit(self, actor: int, channel: str, message: Message | None = None) -> None:
        """Write an update with what was noted."""
        if self.pending or message is not None:
            self.updates.append(Update(self.now, actor, channel, message, tuple(self.pending)))
            self.pending = []

    def say(self, author: int, style: Style, public: bool = True, first: bool = False) -> Message:
        """Return a message of somebody, with its files."""
        place = len(self.updates)
        files = files_of(self.population.seed, self.key, place, self.role if first else "", self.rng)
        images = tuple(file.key for file in files if file.inline)
        recipe = TextRecipe(
            seed=self.rng.getrandbits(48),
            language=self.language,
            style=style,
            writer=self.population.person(author).name,
            images=images,
            ticket=self.key,
            first=first,
            other=_named(self.key) if style == "note" and self.population.ugly else 0,
        )
        return Message(author, public, recipe, files)


def ticket(population: Population, key: int, total: int, messages: int | None) -> Ticket:
    """Return the ticket of a key; `messages` fixes how many it has."""
    ugly = population.ugly
    role = role_of(key, total) if ugly else ""
    rng = random.Random(f"{population.seed}/ticket/{key}")
    created = moment_of(population, key, total, role)
    requester = _requester(population, role, rng)
    language = "ar" if role == "rtl" else population.language(requester)
    draft = Draft(key, role, rng, population, population.now - 600, created, language)
    channel = channel_of(role, rng) if ugly else "email"
    count = messages if messages is not None else 300 if role == "long" else _count(rng)
    _open(draft, requester, channel)
    _talk(draft, requester, channel, count - 1)
    _end(draft, total)
    return _finished(draft, requester, channel, total)


def _requester(population: Population, role: str, rng: random.Random) -> int:
    odd = {
        "spam": "spammer",
        "deleted_requester": "deleted",
        "erased_requester": "erased",
        "no_email": "no_email",
    }
    odd |= {"suspended_requester": "suspended", "voice": "phone_only", "duplicate": "duplicate_b"}
    return population.odd(odd[role]) if role in odd else population.customer(rng)


def _count(rng: random.Random) -> int:
    return min(1 + int(rng.expovariate(0.45)), 25)


def _open(draft: Draft, requester: int, channel: str) -> None:
    rng, population = draft.rng, draft.population
    agent_opens = draft.role in ("private_only", "voice", "outbound")
    author = population.working_agent(rng) if agent_opens else requester
    styles: dict[str, Style] = {
        "empty_body": "empty",
        "huge_body": "huge",
        "astral": "astral",
        "voice": "note",
    }
    default: Style = "note" if draft.role == "private_only" else "mail" if channel == "email" else "web"
    person = population.person(requester)
    title = (
        None
        if draft.role == "no_subject"
        else subject(rng.getrandbits(40), draft.language, "astral" if draft.role == "astral" else "mail")
    )
    opening: dict[str, Any] = {
        "subject": title,
        "requester": requester,
        "submitter": author,
        "status": "open" if agent_opens else "new",
        "organization": person.organizations[0] if person.organizations else None,
        "brand": 2 if draft.language == "es" else 1,
        "form": 2 if rng.random() < 0.2 else 1,
        "assignee": author if agent_opens else None,
        "group": 1 if agent_opens else None,
        "tags": (f"lang_{draft.language}",) if population.ugly else (),
    }
    for name, value in opening.items():
        draft.change(name, value)
    public = draft.role not in ("private_only", "voice")
    draft.commit(author, channel, draft.say(author, styles.get(draft.role, default), public, first=True))
    if channel != "import":
        _route(draft)


def _route(draft: Draft) -> None:
    """A trigger runs in the same second as the creation."""
    rng = draft.rng
    draft.change("priority", rng.choice(_PRIORITIES))
    kinds = {"problem": "problem", "incident": "incident", "task": "task"}
    draft.change("type", kinds.get(draft.role) or rng.choice(("question", "question", None, "incident")))
    if draft.values.get("group") is None and rng.random() < 0.8:
        draft.change("group", 3 if draft.language == "es" else rng.choice((1, 1, 2)))
    if rng.random() < 0.3:
        draft.change("tags", (*draft.values["tags"], rng.choice(("refund", "delivery", "vip_müller", "bug"))))
    draft.commit(SYSTEM, "rule")


def _talk(draft: Draft, requester: int, channel: str, count: int) -> None:
    rng = draft.rng
    agent = draft.values.get("assignee") or draft.population.working_agent(rng)
    agents_turn = draft.values["status"] == "new"
    for _ in range(count):
        if agents_turn:
            draft.wait(6, office=True)
            agent = _agent_turn(draft, agent)
        else:
            draft.wait(20)
            _customer_turn(draft, requester, channel)
        agents_turn = rng.random() < 0.7 if not agents_turn else rng.random() < 0.25


def _agent_turn(draft: Draft, agent: int) -> int:
    rng = draft.rng
    if rng.random() < 0.08:
        agent = draft.population.working_agent(rng)
    if rng.random() < 0.2:
        author = 8 if rng.random() < 0.2 else agent
        draft.commit(author, "web", draft.say(author, "note", public=False))
        return agent
    draft.change("assignee", agent)
    if draft.values.get("group") is None:
        draft.change("group", 1)
    status = rng.choice(("pending", "pending", "open", "hold", "solved"))
    draft.change("status", status)
    if status == "hold" and rng.random() < 0.5:
        draft.change("custom_status", 7)
    if rng.random() < 0.15:
        draft.change("priority", rng.choice(_PRIORITIES))
    if rng.random() < 0.25:
        _fill_fields(draft)
    draft.commit(agent, "web", draft.say(agent, "reply"))
    return agent


def _fill_fields(draft: Draft) -> None:
    rng = draft.rng
    choices: tuple[tuple[str, Any], ...] = (
        ("field:order", f"A-{rng.randrange(10_000, 99_999)}"),
        ("field:product", rng.choice(("prod_chair", "prod_desk", "prod_lamp"))),
        ("field:quantity", rng.randrange(0, 20)),
        ("field:refund", f"{rng.randrange(0, 90_000) / 100:.2f}"),
        ("field:vip", True),
        ("field:promised", f"2026-0{rng.randrange(1, 10)}-28"),
        ("field:remarks", "first line\nsecond line"),
        ("field:features", tuple(rng.sample(("feat_a", "feat_b", "feat_c"), 2))),
    )
    for name, value in rng.sample(choices, 2):
        draft.change(name, value)


def _customer_turn(draft: Draft, requester: int, channel: str) -> None:
    author = requester
    ccs = draft.values.get("ccs", ())
    if ccs and draft.rng.random() < 0.3:
        author = ccs[0]
    elif draft.role == "ccs":
        draft.change("ccs", (draft.population.customer(draft.rng), draft.population.odd("many_organizations")))
        draft.change("followers", (2,))
    if draft.values["status"] not in ("new", "open"):
        draft.change("status", "open")
    style: Style = "quoted" if channel == "email" and draft.population.ugly and draft.rng.random() < 0.5 else "mail"
    draft.commit(author, channel if channel in ("email", "web", "chat") else "email", draft.say(author, style))


def _end(draft: Draft, total: int) -> None:
    rng, role = draft.rng, draft.role
    if role == "merge_loser":
        _merge(draft)
        return
    if role == "merge_winner" and draft.key < total:
        draft.wait(1)
        note = TextRecipe(rng.getrandbits(48), draft.language, "merge", ticket=draft.key + 1)
        draft.commit(1, "merge", Message(1, False, note))
    if role in ("problem", "incident") and role == "incident":
        draft.wait(0.2)
        draft.change("problem", draft.key - (1 if role_of(draft.key - 1, total) == "problem" else 2))
        draft.commit(1, "web")
    if draft.values["status"] != "solved" and (role == "closed" or rng.random() < 0.72):
        draft.wait(8, office=True)
        agent = draft.values.get("assignee") or draft.population.working_agent(rng)
        draft.change("assignee", agent)
        draft.change("status", "solved")
        draft.commit(agent, "web")
    if draft.values["status"] == "solved":
        _survey(draft)
        if draft.now + CLOSE_AFTER < draft.limit:
            draft.now += CLOSE_AFTER
            draft.change("status", "closed")
            draft.commit(SYSTEM, "rule")
    if role == "spam":
        draft.wait(30)
    if role == "deleted":  # some in the last month: those can still be restored
        draft.now = max(draft.now, draft.limit - (1 + draft.key % 7) * 5 * DAY)


def _named(key: int) -> int:
    """Return the ticket that the notes of a ticket link to, before or after it (there may be none), or 0."""
    step = {3: 4, 7: -2}.get(key % 9, 0)
    return max(key + step, 0) if step else 0


def _merge(draft: Draft) -> None:
    draft.wait(2)
    note = TextRecipe(draft.rng.getrandbits(48), draft.language, "merge", ticket=draft.key - 1)
    draft.change("tags", (*draft.values["tags"], "closed_by_merge"))
    draft.change("status", "closed")
    draft.commit(1, "merge", Message(1, False, note))


def _survey(draft: Draft) -> None:
    rng = draft.rng
    if rng.random() > 0.35:
        return
    offered = draft.now + 60
    scores: tuple[Score, ...] = ("offered", "good", "good", "bad")
    score = rng.choice(scores)
    rated = min(offered + rng.randrange(HOUR, 3 * DAY), draft.limit)
    comment = rng.choice((None, "", "¡Genial! 👍", "Too slow.\nTwice.")) if score != "offered" else None
    draft.values["csat"] = Csat(
        offered_at=offered,
        score=score,
        rated_at=rated if score != "offered" else None,
        comment=comment,
        reason="The issue took too long to resolve" if score == "bad" else None,
    )


def _finished(draft: Draft, requester: int, channel: str, total: int) -> Ticket:
    values, role = draft.values, draft.role
    follows = role_of(draft.key + 1, total) == "follow_up" if draft.population.ugly else False
    incidents = tuple(
        draft.key + step for step in (1, 2) if role == "problem" and role_of(draft.key + step, total) == "incident"
    )
    return Ticket(
        key=draft.key,
        subject=values["subject"],
        status=values["status"],
        priority=values.get("priority"),
        type=values.get("type"),
        channel=channel,
        requester=requester,
        submitter=values["submitter"],
        assignee=values.get("assignee"),
        group=values.get("group"),
        organization=values["organization"],
        brand=values["brand"],
        mailbox=2 if values["brand"] == 2 else 1,
        form=values["form"],
        custom_status=values["custom_status"],
        created_at=draft.updates[0].at,
        updated_at=draft.updates[-1].at,
        updates=tuple(draft.updates),
        tags=values["tags"],
        fields={name[6:]: value for name, value in values.items() if name.startswith("field:")},
        ccs=values.get("ccs", ()),
        followers=values.get("followers", ()),
        language=draft.language,
        external_id=f"ext-{draft.key // 2}" if draft.key % 10 == 0 else None,
        due_at=draft.updates[0].at + 7 * DAY if values.get("type") == "task" else None,
        problem=values.get("problem"),
        incidents=incidents,
        follow_up_of=draft.key - 1 if role == "follow_up" else None,
        follow_ups=(draft.key + 1,) if follows else (),
        merged_into=draft.key - 1 if role == "merge_loser" else None,
        disposition="spam" if role == "spam" else "deleted" if role == "deleted" else None,
        ended_by=1 if role in ("spam", "deleted") else SYSTEM,
        csat=values.get("csat"),
        handled_by_ai=role == "ai",
        touched_at=draft.now if role in ("spam", "deleted") else draft.updates[-1].at + draft.key % 3,
    )

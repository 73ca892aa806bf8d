"""What the desk of the metrics has beside its tickets, so that no metric is without its input.

Surveys of all kinds, reviews, sentiment, escalations, bots, calls, states and shifts of agents, views of the help
centre, mentions, subscriptions. Times are seconds since the beginning, texts of them made by `at`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "review": ("ticket_id", "agent_id", "reviewer_id", "score", "scale_min", "scale_max", "reviewed_at"),
    "sentiment": ("created_at", "ticket_id", "label", "score", "model", "model_version"),
    "article_view": ("article_id", "visitor_id", "session_id", "person_id", "occurred_at"),
    "article": ("title",),
    "article_comment": ("created_at", "article_id", "ticket_id"),
    "mention": ("network", "external_id", "author", "occurred_at", "ticket_id", "direction"),
    "subscription": ("customer_id", "active_from", "active_to"),
    "agent_state": ("agent_id", "state", "from_at", "to_at"),
    "agent_shift": ("agent_id", "from_at", "to_at"),
}
_ARTICLES, _DAY = 40, 86_400
_SCALES = {"nps": (0, 10), "ces": (1, 7), "agent": (1, 5)}
_LABELS = ("positive", "neutral", "negative")
_STATES = (("available", 9, 11), ("busy", 11, 14), ("break", 14, 15), ("busy", 15, 17))
At = Callable[[int], str]
Values = tuple[str, tuple[Any, ...]]
"""A kind, and what a row of it has in the columns of its own."""


def of_ticket(number: int, ticket: str, requester: str, agent: str, turns: list[int], at: At) -> Iterator[Values]:
    """Yield what hangs on a ticket."""
    begin, end = at(turns[0]), at(turns[-1])
    for place, (kind, (low, high)) in enumerate(_SCALES.items()):
        if number % 20 == place:
            score = low + number // 20 % (high - low + 1)
            yield "survey_response", (kind, ticket, requester, agent, score, low, high, end, end)
    if number % 50 == 0:
        yield "review", (ticket, agent, "old:user:350000000000", number // 50 % 5 + 1, 1, 5, end)
    if number % 5 == 1:
        yield "sentiment", (end, ticket, _LABELS[number // 5 % 3], 0.5, "lexicon", "1")
    if number % 2 == 0:
        session = f"session{number}"
        for place in range(2):
            article = f"old:article:{(number + place) % _ARTICLES}"
            yield "article_view", (article, f"visitor{number % 50_021}", session, requester, at(turns[0] + 60 * place))
    if number % 200 == 0:
        yield "article_comment", (begin, f"old:article:{number % _ARTICLES}", ticket)
    if number % 100 == 0:
        yield "mention", ("x", str(number), f"author{number % 997}", begin, ticket, "in")
    if number % 25 == 0:
        change = (ticket, 9, at(turns[0] + 90), "is_escalated", "false", "true", agent, "agent", f"escalation{number}")
        yield "ticket_event", change
    if number % 10 == 5:
        said = (at(turns[0] + 5), ticket, 99, "old:user:1", "bot", "public_reply", "sent", 1, 0, "web", "One moment.")
        yield "message", said


def of_account(agents: list[str], customers: list[str], days: int, at: At) -> Iterator[Values]:
    """Yield what hangs on no ticket."""
    for number in range(_ARTICLES):
        yield "article", (f"Article {number}",)
    for place, customer in enumerate(customers[::4]):
        begin = place * 7_919 % (days * _DAY)
        yield "subscription", (customer, at(begin), at(begin + 60 * _DAY) if place % 3 == 0 else None)
    for day in range(days):
        for agent in agents:
            yield "agent_shift", (agent, at(day * _DAY + 9 * 3600), at(day * _DAY + 17 * 3600))
            for state, start, end in _STATES:
                yield "agent_state", (agent, state, at(day * _DAY + start * 3600), at(day * _DAY + end * 3600))

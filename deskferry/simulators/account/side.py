"""What surrounds the tickets: groups, brands, fields, forms, rules, schedules, the help centre."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal


@dataclass(frozen=True, slots=True)
class Group:
    """A team of agents."""

    key: int
    name: str
    description: str = ""
    deleted: bool = False
    private: bool = False


@dataclass(frozen=True, slots=True)
class Brand:
    """A face that the desk shows to customers."""

    key: int
    name: str
    subdomain: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class Mailbox:
    """An address that customers write to."""

    key: int
    name: str
    email: str
    brand: int
    default: bool = False


@dataclass(frozen=True, slots=True)
class Field:
    """A custom field. `options` are (value, label)."""

    key: str
    kind: Literal["ticket", "person", "organization"]
    type: Literal["text", "textarea", "checkbox", "date", "integer", "decimal", "regexp", "dropdown", "multiselect"]
    title: str
    options: tuple[tuple[str, str], ...] = ()
    required: bool = False
    active: bool = True


@dataclass(frozen=True, slots=True)
class Form:
    """A ticket form: the keys of its custom fields, in order."""

    key: int
    name: str
    fields: tuple[str, ...]
    active: bool = True
    end_user_visible: bool = True


@dataclass(frozen=True, slots=True)
class CustomStatus:
    """A status by the account's own name; the first five are the built-in ones."""

    key: int
    category: str
    label: str
    active: bool = True
    default: bool = False


@dataclass(frozen=True, slots=True)
class Macro:
    """A prepared answer. `restriction` is None (all), ("group", keys) or ("person", keys)."""

    key: int
    title: str
    actions: tuple[tuple[str, Any], ...]
    active: bool = True
    restriction: tuple[str, tuple[int, ...]] | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A trigger, an automation or a view: conditions (field, operator, value) and actions (field, value)."""

    key: int
    kind: Literal["trigger", "automation", "view"]
    title: str
    all: tuple[tuple[str, str, Any], ...] = ()
    any: tuple[tuple[str, str, Any], ...] = ()
    actions: tuple[tuple[str, Any], ...] = ()
    active: bool = True


@dataclass(frozen=True, slots=True)
class SlaPolicy:
    """A promise. `targets` are (priority, metric, minutes, business hours)."""

    key: int
    name: str
    description: str
    filter: tuple[tuple[str, str, Any], ...]
    targets: tuple[tuple[str, str, int, bool], ...]


@dataclass(frozen=True, slots=True)
class Schedule:
    """Opening hours: local minutes since Sunday 00:00, and holidays as (name, first day, last day)."""

    key: int
    name: str
    timezone: str
    intervals: tuple[tuple[int, int], ...]
    holidays: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A shelf of the help centre; `parent` is another section."""

    key: int
    category: int
    name: str
    parent: int | None = None


@dataclass(frozen=True, slots=True)
class Article:
    """A help text. `texts` maps a locale to (title, HTML); the first one is the source."""

    key: int
    section: int
    author: int
    texts: Mapping[str, tuple[str, str]]
    visibility: Literal["all", "signed_in", "staff"] = "all"
    draft: bool = False
    promoted: bool = False
    labels: tuple[str, ...] = ()
    files: tuple[int, ...] = ()
    outdated: tuple[str, ...] = ()


def _week(first: int, last: int, days: range) -> tuple[tuple[int, int], ...]:
    return tuple((day * 1440 + first * 60, day * 1440 + last * 60) for day in days)


GROUPS: Final = (
    Group(1, "Support", "First line"),
    Group(2, "Billing & refunds"),
    Group(3, "Devoluciones", "Spain"),
    Group(4, "Old team", deleted=True),
    Group(5, "Legal", private=True),
)
BRANDS: Final = (
    Brand(1, "Acme", "acme"),
    Brand(2, "Acme España", "acme-es"),
    Brand(3, "Acme Labs", "labs", active=False),
)
MAILBOXES: Final = (
    Mailbox(1, "Acme", "support@acme.example", 1, default=True),
    Mailbox(2, "Acme España", "ayuda@acme.example", 2),
    Mailbox(3, "Billing", "billing@acme.example", 1),
)
FIELDS: Final = (
    Field("order", "ticket", "text", "Order number"),
    Field(
        "product",
        "ticket",
        "dropdown",
        "Product",
        (("prod_chair", "Chair"), ("prod_desk", "Desk"), ("prod_lamp", "Lamp::LED")),
    ),
    Field("quantity", "ticket", "integer", "Quantity"),
    Field("refund", "ticket", "decimal", "Refund amount"),
    Field("vip", "ticket", "checkbox", "VIP"),
    Field("promised", "ticket", "date", "Promised date"),
    Field("remarks", "ticket", "textarea", "Internal remarks"),
    Field(
        "features",
        "ticket",
        "multiselect",
        "Features",
        (("feat_a", "Alpha"), ("feat_b", "Bêta"), ("feat_c", "ガンマ")),
    ),
    Field("account_code", "ticket", "regexp", "Account code"),
    Field("legacy", "ticket", "text", "Legacy id", active=False),
    Field("plan", "person", "dropdown", "Plan", (("free", "Free"), ("pro", "Pro"))),
    Field("birthday", "person", "date", "Birthday"),
    Field("tier", "organization", "dropdown", "Tier", (("gold", "Gold"), ("silver", "Silver"))),
    Field("seats", "organization", "integer", "Seats"),
    Field("renewal", "organization", "date", "Renewal"),
)
FORMS: Final = (
    Form(
        1,
        "Default",
        ("order", "product", "quantity", "refund", "vip", "promised", "remarks", "features", "account_code"),
    ),
    Form(2, "Refunds", ("order", "refund", "promised")),
    Form(3, "Retired form", ("legacy",), active=False, end_user_visible=False),
)
CUSTOM_STATUSES: Final = (
    CustomStatus(1, "new", "New", default=True),
    CustomStatus(2, "open", "Open", default=True),
    CustomStatus(3, "pending", "Pending", default=True),
    CustomStatus(4, "hold", "On-hold", default=True),
    CustomStatus(5, "solved", "Solved", default=True),
    CustomStatus(6, "open", "In progress"),
    CustomStatus(7, "hold", "Waiting on supplier"),
    CustomStatus(8, "pending", "Old pending", active=False),
)
MACROS: Final = (
    Macro(
        1,
        "Ask for a screenshot",
        (
            (
                "comment_value",
                ["channel:all", "Hi {{ticket.requester.first_name}}, could you send a screenshot?"],
            ),
            ("status", "pending"),
        ),
    ),
    Macro(
        2,
        "Refund::Approve",
        (
            ("comment_value_html", "<p>Your refund is <b>approved</b>.</p>"),
            ("status", "solved"),
            ("current_tags", "refund_ok"),
        ),
    ),
    Macro(
        3,
        "Internal::Escalate",
        (
            ("comment_value", "Please look at this."),
            ("comment_mode_is_public", "false"),
            ("priority", "urgent"),
        ),
        restriction=("group", (1, 2)),
    ),
    Macro(4, "Mine", (("status", "hold"),), active=False, restriction=("person", (2,))),
)
RULES: Final = (
    Rule(
        1,
        "trigger",
        "Notify requester of received request",
        (("update_type", "is", "Create"), ("status", "is_not", "solved")),
        (),
        (
            (
                "notification_user",
                [
                    "requester_id",
                    "[{{ticket.id}}] {{ticket.title}}",
                    "Your request ({{ticket.id}}) has been received.",
                ],
            ),
        ),
    ),
    Rule(
        2,
        "trigger",
        "Notify requester of comment update",
        (("comment_is_public", "is", "not_relevant"),),
        (),
        (("notification_user", ["requester_id", "Re: {{ticket.title}}", "{{ticket.comments_formatted}}"]),),
    ),
    Rule(
        3,
        "trigger",
        "Route refunds",
        (("update_type", "is", "Create"),),
        (("subject_includes_word", "includes", "refund"),),
        (("group_id", "group:2"), ("current_tags", "refund")),
    ),
    Rule(
        4,
        "automation",
        "Close tickets 4 days after solved",
        (("status", "is", "solved"), ("SOLVED", "is", "96")),
        (),
        (("status", "closed"),),
    ),
    Rule(
        5,
        "automation",
        "Remind after 2 days",
        (("PENDING", "is", "48"),),
        (),
        (("current_tags", "reminded"),),
        active=False,
    ),
    Rule(
        6,
        "view",
        "Your unsolved tickets",
        (("status", "less_than", "solved"), ("assignee_id", "is", "current_user")),
    ),
    Rule(7, "view", "Unassigned tickets", (("status", "less_than", "solved"), ("assignee_id", "is", ""))),
    Rule(8, "view", "Refunds", (("current_tags", "includes", "refund"),), active=False),
)
SLA_POLICIES: Final = (
    SlaPolicy(
        1,
        "Urgent",
        "Wakes somebody up",
        (("priority", "is", "urgent"),),
        (("urgent", "first_reply_time", 30, False), ("urgent", "requester_wait_time", 480, False)),
    ),
    SlaPolicy(
        2,
        "Standard",
        "",
        (("type", "is_not", "task"),),
        tuple(
            (priority, metric, minutes, True)
            for priority, minutes in (("low", 1920), ("normal", 960), ("high", 480), ("urgent", 240))
            for metric in ("first_reply_time", "requester_wait_time", "agent_work_time")
        ),
    ),
)
SCHEDULES: Final = (
    Schedule(
        1,
        "Madrid",
        "Europe/Madrid",
        _week(9, 18, range(1, 6)),
        (("Navidad", "2025-12-25", "2025-12-25"), ("Semana Santa", "2025-04-17", "2025-04-18")),
    ),
    Schedule(
        2,
        "New York nights",
        "America/New_York",
        _week(0, 6, range(7)),
        (("Thanksgiving", "2025-11-27", "2025-11-28"),),
    ),
)
CATEGORIES: Final = (("General", "About us"), ("FAQ", ""), ("Interno", "Solo agentes"))
SECTIONS: Final = (
    Section(1, 1, "First steps"),
    Section(2, 2, "Billing"),
    Section(3, 2, "Refunds", parent=2),
    Section(4, 3, "Runbooks"),
)
_BODY: Final = (
    '<h2>How to</h2><p>Read <a href="/hc/en-us/articles/2">the other one</a> first.</p><ul><li>a &amp; b</li></ul>'
)
ARTICLES: Final = (
    Article(
        1,
        1,
        1,
        {
            "en-us": ("Getting started", _BODY),
            "es": ("Primeros pasos", "<p>Hola 👋</p>"),
            "ja": ("はじめに", "<p>ようこそ</p>"),
        },
        promoted=True,
        labels=("start", "básico"),
        outdated=("es",),
    ),
    Article(2, 2, 2, {"en-us": ("Invoices", _BODY), "de": ("Rechnungen", "<p>Größe</p>")}, "signed_in"),
    Article(3, 3, 1, {"es": ("Devoluciones", '<p>Véase <img src="{{file:1}}"></p>')}, files=(1, 2)),
    Article(4, 4, 3, {"en-us": ("On-call runbook", "<p>secret</p>")}, "staff"),
    Article(5, 1, 2, {"en-us": ("Coming soon", "")}, draft=True),
    Article(6, 1, 6, {"en-us": ("Written by someone who left", _BODY)}),
)


@dataclass(frozen=True, slots=True)
class Side:
    """All of it; `plain` accounts have the same."""

    groups: tuple[Group, ...] = GROUPS
    brands: tuple[Brand, ...] = BRANDS
    mailboxes: tuple[Mailbox, ...] = MAILBOXES
    fields: tuple[Field, ...] = FIELDS
    forms: tuple[Form, ...] = FORMS
    custom_statuses: tuple[CustomStatus, ...] = CUSTOM_STATUSES
    macros: tuple[Macro, ...] = MACROS
    rules: tuple[Rule, ...] = RULES
    sla_policies: tuple[SlaPolicy, ...] = SLA_POLICIES
    schedules: tuple[Schedule, ...] = SCHEDULES
    categories: tuple[tuple[str, str], ...] = CATEGORIES
    sections: tuple[Section, ...] = SECTIONS
    articles: tuple[Article, ...] = ARTICLES

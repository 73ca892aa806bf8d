"""Every enumeration of the canonical schema; a member is its own text, so it goes into a row as it stands."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """A canonical entity, also the name of its table; what is referred to comes before what refers."""

    ORGANIZATION = "organization"
    PERSON = "person"
    PERSON_ORGANIZATION = "person_organization"
    ROLE_CHANGE = "role_change"
    TEAM = "team"
    TEAM_MEMBER = "team_member"
    INBOX = "inbox"
    STATUS_DEFINITION = "status_definition"
    CUSTOM_FIELD = "custom_field"
    SCHEDULE = "schedule"
    SLA_POLICY = "sla_policy"
    MACRO = "macro"
    CONFIG_ITEM = "config_item"
    ARTICLE_CATEGORY = "article_category"
    ARTICLE = "article"
    ARTICLE_TRANSLATION = "article_translation"
    ARTICLE_COMMENT = "article_comment"
    TICKET = "ticket"
    SIDE_CONVERSATION = "side_conversation"
    MESSAGE = "message"
    ATTACHMENT = "attachment"
    TICKET_EVENT = "ticket_event"
    TICKET_FOLLOWER = "ticket_follower"
    TICKET_LINK = "ticket_link"
    TAGGING = "tagging"
    SURVEY_RESPONSE = "survey_response"
    SLA_EVENT = "sla_event"
    TICKET_SCHEDULE = "ticket_schedule"
    TIME_ENTRY = "time_entry"
    INTERACTION = "interaction"
    REVIEW = "review"
    VENDOR_METRIC = "vendor_metric"
    AGENT_STATE = "agent_state"
    AGENT_SHIFT = "agent_shift"
    ARTICLE_VIEW = "article_view"
    PURCHASE = "purchase"
    MENTION = "mention"
    SUBSCRIPTION = "subscription"
    SENTIMENT = "sentiment"


class DeletionEvidence(StrEnum):
    """How we know that a record is gone: the vendor said so, a 404, or absence from a complete scan."""

    VENDOR = "vendor"
    NOT_FOUND = "404"
    ABSENT = "absent"


class Status(StrEnum):
    """What state a ticket is in; `deleted`, `spam` and `merged` are dispositions, not real statuses."""

    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    ON_HOLD = "on_hold"
    SOLVED = "solved"
    CLOSED = "closed"
    DELETED = "deleted"
    SPAM = "spam"
    MERGED = "merged"
    UNKNOWN = "unknown"


class Priority(StrEnum):
    """How urgent a ticket is."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Channel(StrEnum):
    """Which way a ticket, message or conversation came in or went out."""

    EMAIL = "email"
    WEB = "web"
    CHAT = "chat"
    PHONE = "phone"
    SMS = "sms"
    SOCIAL = "social"
    API = "api"
    PORTAL = "portal"
    OTHER = "other"


class Role(StrEnum):
    """What a person is in the help desk."""

    END_USER = "end_user"
    AGENT = "agent"
    LIGHT_AGENT = "light_agent"
    ADMIN = "admin"
    BOT = "bot"
    SYSTEM = "system"


AGENT_ROLES = frozenset(one.value for one in (Role.AGENT, Role.LIGHT_AGENT, Role.ADMIN))
MACHINE_ROLES = frozenset(one.value for one in (Role.BOT, Role.SYSTEM))


class AuthorKind(StrEnum):
    """Who wrote a message or made a change, decided at the time of the message."""

    END_USER = "end_user"
    AGENT = "agent"
    BOT = "bot"
    SYSTEM = "system"
    UNKNOWN = "unknown"


class MessageKind(StrEnum):
    """What a message is."""

    PUBLIC_REPLY = "public_reply"
    PRIVATE_NOTE = "private_note"
    FORWARD = "forward"
    CHAT = "chat"
    VOICE = "voice"
    SYSTEM = "system"


class MessageState(StrEnum):
    """What became of a message."""

    SENT = "sent"
    DRAFT = "draft"
    FAILED = "failed"
    BOUNCED = "bounced"
    HIDDEN = "hidden"
    SCHEDULED = "scheduled"


class Direction(StrEnum):
    """`in`: from the customer's side; `out`: from the desk."""

    IN = "in"
    OUT = "out"


class InboxKind(StrEnum):
    """What the vendor calls the place where tickets arrive."""

    MAILBOX = "mailbox"
    ADDRESS = "address"
    BRAND = "brand"
    DEPARTMENT = "department"
    PIPELINE = "pipeline"
    PRODUCT = "product"


class StatusDefinitionKind(StrEnum):
    """What a status definition applies to."""

    TICKET = "ticket"
    CONVERSATION = "conversation"


class LinkKind(StrEnum):
    """How a ticket relates to the other: `ticket_id` is merged into, child of, … `other_ticket_id`."""

    MERGED_INTO = "merged_into"
    PARENT = "parent"
    RELATED = "related"
    FOLLOW_UP = "follow_up"
    PROBLEM = "problem"


class FollowerKind(StrEnum):
    """`cc`: receives the public replies by e-mail; `follower`: an agent who is notified."""

    CC = "cc"
    FOLLOWER = "follower"


class FetchState(StrEnum):
    """Where the download of an attachment stands."""

    PENDING = "pending"
    DONE = "done"
    MISSING = "missing"
    REFUSED = "refused"
    SKIPPED = "skipped"


class FieldType(StrEnum):
    """What values a custom field holds."""

    TEXT = "text"
    TEXTAREA = "textarea"
    NUMBER = "number"
    DECIMAL = "decimal"
    CURRENCY = "currency"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    SELECT = "select"
    NESTED_SELECT = "nested_select"
    MULTI_SELECT = "multi_select"
    REGEXP = "regexp"
    URL = "url"
    PHONE = "phone"
    LOOKUP = "lookup"
    FILE = "file"


class SurveyKind(StrEnum):
    """What a survey asks."""

    CSAT = "csat"
    NPS = "nps"
    CES = "ces"
    AGENT = "agent"
    OTHER = "other"


class SlaEventKind(StrEnum):
    """What happened to the clock of a service level target."""

    APPLY = "apply"
    ACTIVATE = "activate"
    PAUSE = "pause"
    FULFILL = "fulfill"
    BREACH = "breach"


class TimeEntryKind(StrEnum):
    """What the time was spent on."""

    WORK = "work"
    TALK = "talk"
    HOLD = "hold"
    WRAP = "wrap"
    VIEWING = "viewing"


class ConfigItemKind(StrEnum):
    """What a configuration item is at the vendor."""

    TRIGGER = "trigger"
    AUTOMATION = "automation"
    VIEW = "view"
    FORM = "form"
    WORKFLOW = "workflow"


class ArticleStatus(StrEnum):
    """How far an article is in its life."""

    DRAFT = "draft"
    REVIEW = "review"
    PUBLISHED = "published"
    UNPUBLISHED = "unpublished"
    ARCHIVED = "archived"


class Visibility(StrEnum):
    """Who may read: everyone, whoever is signed in, agents, or named groups only."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    AGENTS = "agents"
    RESTRICTED = "restricted"


class InteractionOutcome(StrEnum):
    """How a call or chat leg ended."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    MISSED = "missed"
    VOICEMAIL = "voicemail"
    CALLBACK = "callback"


class AgentStateName(StrEnum):
    """What an agent is doing."""

    AVAILABLE = "available"
    BUSY = "busy"
    WRAP = "wrap"
    BREAK = "break"
    OFFLINE = "offline"

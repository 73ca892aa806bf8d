"""A mapping file for a plan: filled in as far as can be guessed, commented, with what is open as blanks."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from deskferry.connectors.kit.contract import Question
from deskferry.migrate.mapping_file import NONE, fold
from deskferry.migrate.matches import quoted
from deskferry.migrate.plan import Plan
from deskferry.migrate.plan_tables import VALUES, Line

_SAYS = {
    "agents": 'Agents by e-mail address or id. "placeholder" makes a stand-in; "" is not answered.',
    "teams": 'Teams by name or id. "none" leaves the ticket without one; "" is not answered.',
    "inboxes": 'Inboxes and brands by address, name or id. "none" leaves them behind; "" is not answered.',
    "organizations": 'Organizations by name or id: one of the destination, "create" or "none".',
    "people": 'People by e-mail address or id: one of the destination, or "create".',
    "statuses": 'Statuses by their label: a code or label of the destination; "" takes what the comment says.',
    "priorities": 'Priorities by their label: a code or label of the destination; "" takes what the comment says.',
    "types": 'Types of tickets; "" takes what the comment says.',
    "channels": 'Channels; "" takes what the comment says.',
    "settings": "What only this destination asks.",
}
_ORDER = ("agents", "teams", "inboxes", "organizations", "people", *VALUES)
_LEAVE_OUT = """\
# What stays behind. Each may be set to false; statuses, tags, teams and created_before leave out more.
[leave_out]
spam = true
suspended = true
deleted = true
merged = true
drafts = true
"""
_HEADER = """\
# The line that keeps the original author and time in a migrated text.
[header]
form = {form}
language = {language}
timezone = {timezone}
time_form = {time_form}
"""


@dataclass(slots=True)
class _Section:
    """Key → (answer, comment)."""

    lines: dict[str, tuple[str, str]] = field(default_factory=dict)
    _folded: set[str] = field(default_factory=set)

    def put(self, key: str, answer: str, comment: str) -> bool:
        """Add a line, once a key; whether it was new."""
        if fold(key) in self._folded:
            return False
        self._folded.add(fold(key))
        self.lines[key] = (answer, comment)
        return True


def write_mapping(plan: Plan) -> str:
    """Return the text of a mapping file that answers what the plan could guess, and shows what it could not."""
    sections = {name: _Section() for name in (*_ORDER, "settings")}
    _agents(plan, sections["agents"])
    for name in ("teams", "inboxes"):
        _named(plan, name, sections[name])
    for name in VALUES:
        _values(plan, name, sections[name])
    for key, value in (plan.mapping.document.get("settings") or {}).items():
        sections["settings"].put(key, value, "")
    for question in plan.questions:
        _question(question, sections)
    return "\n".join(_text(plan, sections))


def _text(plan: Plan, sections: Mapping[str, _Section]) -> Iterator[str]:
    yield f"# How {plan.route.source} crosses into {plan.route.destination}."
    yield "# Check it with `deskferry plan SOURCE DEST --mapping THIS_FILE`."
    yield ""
    tag = plan.mapping.migrated_tag
    yield "# A tag that is put on every migrated ticket."
    yield f"migrated_tag = {quoted(tag)}" if tag else 'migrated_tag = ""'
    yield ""
    for name in (*_ORDER, "settings"):
        if sections[name].lines:
            yield f"# {_SAYS[name]}"
            yield f"[{name}]"
            for key, (answer, comment) in sections[name].lines.items():
                yield f"{quoted(key)} = {quoted(answer)}" + (f"  # {_line(comment)}" if comment else "")
            yield ""
    yield from _fields(plan)
    yield from _kept(plan)


def _line(comment: str) -> str:
    return " ".join(comment.split())


def _agents(plan: Plan, section: _Section) -> None:
    for line in plan.tables.get("agents", ()):
        key = line["email"] or line["source_id"]
        answer = plan.mapping.choice("agents", line["email"], line["source_id"], line["name"]) or line["to_id"] or ""
        if line["to"] != "left out" or answer:
            section.put(key, answer, f"{line['name']}: {line['to']} ({line['how']})")


def _named(plan: Plan, name: str, section: _Section) -> None:
    for line in plan.tables.get(name, ()):
        answer = plan.mapping.choice(name, line["name"], line["source_id"])
        comment = f"{line['count']} tickets: {line['to'] or 'nowhere'} ({line['how']})"
        key = line["name"] or line["source_id"]
        if not section.put(key, answer or line["to_id"] or "", comment):
            section.put(line["source_id"], answer or line["to_id"] or "", f"{line['name']}, {comment}")


def _values(plan: Plan, name: str, section: _Section) -> None:
    for line in plan.tables.get(name, ()):
        key = line["label"] or line["value"]
        answer = plan.mapping.choice(name, line["label"], line["value"]) or ""
        section.put(key, answer, f"{line['value']}, {line['count']} tickets: {line['to']}")


def _question(question: Question, sections: Mapping[str, _Section]) -> None:
    try:
        wanted = tomllib.loads(question.answer)
    except tomllib.TOMLDecodeError:
        return
    default = f"default: {question.default}" if question.default is not None else "an answer is needed"
    for name, lines in wanted.items():
        if name in sections and isinstance(lines, dict):
            for key, value in lines.items():
                example = f' (for example "{value}")' if value else ""
                sections[name].put(key, "", f"{question.subject}: {question.says} {default}{example}")


def _fields(plan: Plan) -> Iterator[str]:
    listed: list[Line] = plan.tables.get("fields", [])
    known = {(line["kind"], fold(line["key"])) for line in listed}
    for question in plan.questions:
        for kind, key in _asked_fields(question):
            if (kind, fold(key)) not in known:
                known.add((kind, fold(key)))
                listed = [
                    *listed,
                    {"kind": kind, "key": key, "label": None, "type": "unknown", "to": None, "values": {}},
                ]
    if listed:
        yield f'# Custom fields. "{NONE}" leaves one behind; "" is not answered. `values` maps options.'
    for line in listed:
        chosen = plan.mapping.field_choice(line["kind"], line["key"], line["label"])
        yield f"[fields.{line['kind']}.{quoted(line['key'])}]  # {_line(str(line['label'] or ''))} ({line['type']})"
        yield f"to = {quoted(chosen.to if chosen is not None else line['to'] or '')}"
        values = {**line["values"], **(chosen.values if chosen is not None else {})}
        if values:
            pairs = ", ".join(f"{quoted(key)} = {quoted(value)}" for key, value in values.items())
            yield f"values = {{ {pairs} }}"
        yield ""


def _asked_fields(question: Question) -> Iterator[tuple[str, str]]:
    try:
        wanted: dict[str, Any] = tomllib.loads(question.answer).get("fields", {})
    except tomllib.TOMLDecodeError:
        return
    for kind, fields in wanted.items():
        yield from ((kind, key) for key in fields if key != "…")


def _kept(plan: Plan) -> Iterator[str]:
    document, header = plan.mapping.document, plan.mapping.header
    yield from _toml("leave_out", document["leave_out"]) if document.get("leave_out") else [_LEAVE_OUT]
    yield _HEADER.format(
        form=quoted(header.form), language=quoted(header.language), timezone=quoted(header.timezone),
        time_form=quoted(header.time_form),
    )  # fmt: skip
    if document.get("tags"):
        yield from _toml("tags", document["tags"])
    else:
        yield '# [tags]\n# drop = ["a tag"]\n# rename = { "old" = "new" }\n'


def _toml(name: str, table: Mapping[str, Any]) -> Iterator[str]:
    yield f"[{name}]"
    for key, value in table.items():
        yield f"{key} = {_value(value)}"
    yield ""


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{quoted(key)} = {_value(one)}" for key, one in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(one) for one in value) + "]"
    return quoted(str(value))

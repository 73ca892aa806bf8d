"""What nobody looked at, and why: the limits of what an audit says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from deskferry.canonical_schema import KINDS
from deskferry.report.audit.facts import Account, Facts
from deskferry.report.audit.results import RuleTotal
from deskferry.report.audit.rule_words import Told
from deskferry.report.excerpt import excerpt
from deskferry.report.wording import Words
from deskferry.validate.rule_results import EXAMINED, OFF

_DONE = "done"


def not_checked(
    facts: Facts, document: Mapping[str, Any], rules: Iterable[RuleTotal], say: Callable[[str], Told], words: Words
) -> list[dict[str, Any]]:
    """Return the limits of the audit: a code, how many, a sentence, and what in particular."""
    found = [_omission("rules_not_installed", 1)] if facts.without_extra else []
    found += [*_of_rules(list(rules), say), *_of_sections(document)]
    for account in facts.accounts:
        found += _of_account(account, document, words)
    found.append(_omission("meaning", 1))
    return [
        {**one, "text": words(f"audit.not_checked.{one['code']}", n=one["n"], connection=one["connection"] or "")}
        for one in found
    ]


def _omission(
    code: str, n: int, items: Iterable[Mapping[str, Any]] = (), connection: str | None = None
) -> dict[str, Any]:
    return {"code": code, "n": n, "connection": connection, "items": list(items)}


def _of_rules(rules: list[RuleTotal], say: Callable[[str], Told]) -> Iterator[dict[str, Any]]:
    cases = (
        ("rules_off", [one for one in rules if one.state == OFF]),
        ("nothing_to_check", [one for one in rules if one.state == EXAMINED and not one.checked]),
    )
    for code, those in cases:
        if those:
            yield _omission(code, len(those), ({"name": say(one.rule).name, "why": None} for one in those))


def _of_sections(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    if document["duplicates"] is None:
        yield _omission("duplicates", 1)
    if document["reconciliation"] is None:
        yield _omission("source", 1)
    if document["rejects"]["total"]:
        yield _omission("rejects", document["rejects"]["total"])
    missing = sum(one["count"] for one in document["files"] if one["state"] != _DONE)
    if missing:
        yield _omission("files", missing)
    if document["scores"]["aside"]:
        yield _omission("aside", document["scores"]["aside"])


def _of_account(account: Account, document: Mapping[str, Any], words: Words) -> Iterator[dict[str, Any]]:
    if account.pull is None:
        yield _omission("never_pulled", 1, connection=account.name)
    else:
        if account.pull["exit_code"] not in (0, 1):
            yield _omission("pull_stopped", 1, connection=account.name)
        notes = [{"name": None, "why": excerpt(one, 400)} for one in account.pull["notes"] or ()]
        if notes:
            yield _omission("pull_notes", len(notes), notes, account.name)
    held = {one["kind"] for one in document["records"] if one["connection"] == account.name}
    unread = list(_unreadable(account, held, words))
    if unread:
        yield _omission("kinds", len(unread), unread, account.name)
    if account.pull is not None and not any(one["connection"] == account.name for one in document["declared"]["lines"]):
        yield _omission("nothing_declared", 1, connection=account.name)


def _unreadable(account: Account, held: set[str], words: Words) -> Iterator[dict[str, Any]]:
    """Yield the kinds that a connector cannot read and of which nothing is there: their absence says nothing."""
    if account.connector is None:
        return
    for kind in (one.value for one in KINDS):
        ability = account.connector.capabilities.ability(kind, "read")
        if not ability and kind not in held:
            yield {"name": words.or_code(f"kinds.{kind}"), "why": excerpt(str(ability), 300)}

"""Everything that an audit says, as plain JSON (`report/json/audit.schema.json`); page and Markdown show the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import deskferry
from deskferry.report.audit import distributions, fill_rates, holdings
from deskferry.report.audit.duplicates import duplicates
from deskferry.report.audit.facts import Facts, instant
from deskferry.report.audit.groups import groups
from deskferry.report.audit.omissions import not_checked
from deskferry.report.audit.reconciliation import reconciliation
from deskferry.report.audit.results import RuleTotal, results
from deskferry.report.audit.rule_words import RuleText, told
from deskferry.report.audit.scores import scores
from deskferry.report.audit.trend import trend
from deskferry.report.audit.verdict import verdict
from deskferry.report.wording import Words
from deskferry.validate.finding import Severity
from deskferry.validate.rule_results import EXAMINED

FORM = "deskferry-audit/1"


def document(facts: Facts, english: Mapping[str, RuleText], words: Words) -> dict[str, Any]:
    """Return the audit of a validate run; every finding by itself comes beside it (`groups.finding_rows`)."""
    rules, records = results(facts), holdings.records(facts)
    found: dict[str, Any] = {
        "form": FORM,
        "language": words.language,
        "title": _title(facts),
        "scores": scores(facts),
        "trend": trend(facts),
        "findings": _findings(rules, groups(facts, rules, english, words)),
        "rules": [_rule(one, english, words) for one in rules],
        "duplicates": duplicates(facts),
        "reconciliation": reconciliation(facts),
        "records": records,
        "declared": holdings.declared(facts),
        "rejects": holdings.rejects(facts),
        "files": holdings.files(facts),
        "fill_rates": fill_rates.fill_rates(facts),
        "custom_fields": fill_rates.custom_fields(facts),
        "unmapped_values": holdings.unmapped_values(facts),
        "distributions": distributions.distributions(facts),
    }
    found["not_checked"] = not_checked(facts, found, rules, lambda rule: told(words, rule, english), words)
    found["verdict"] = verdict(found, words)
    return found


def _title(facts: Facts) -> dict[str, Any]:
    return {
        "run_id": facts.run_id, "as_of": facts.as_of, "version": deskferry.__version__,
        "started_at": instant(facts.run["started_at"]), "timezone": facts.timezone,
        **distributions.range_of(facts),
        "accounts": [
            {"connection": one.name, "vendor": one.vendor, "title": one.title, "account_id": one.account_id,
             "account_name": one.account_name, "site": one.site,
             "pulled_at": None if one.pull is None else instant(one.pull["started_at"]),
             "pull_run": None if one.pull is None else one.pull["id"]}
            for one in facts.accounts
        ],
        "rules_installed": not facts.without_extra,
    }  # fmt: skip


def _findings(rules: list[RuleTotal], found: list[dict[str, Any]]) -> dict[str, Any]:
    before = [one for one in rules if one.appeared is not None]
    return {
        "total": sum(one["findings"] for one in found),
        "by_severity": {
            one.value: sum(group["findings"] for group in found if group["severity"] == one.value) for one in Severity
        },
        "appeared": sum(one.appeared or 0 for one in before) if before else None,
        "gone": sum(one.gone or 0 for one in before) if before else None,
        "groups": found,
    }


def _rule(one: RuleTotal, english: Mapping[str, RuleText], words: Words) -> dict[str, Any]:
    examined = one.state == EXAMINED
    return {
        "rule": one.rule, "name": told(words, one.rule, english).name, "severity": one.severity,
        "dimension": one.dimension, "kind": one.kind, "state": one.state,
        "checked": one.checked if examined else None, "offending": one.offending if examined else None,
        "findings": one.findings if examined else None,
    }  # fmt: skip

"""What a run keeps of itself beside its result, so that a report of it needs neither network nor the mapping file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deskferry.migrate.accounting import account_for
from deskferry.migrate.plan import Plan
from deskferry.migrate.scope import Scope
from deskferry.migrate.work import Work


def told_of(work: Work, plan: Plan, choices: Mapping[str, Any]) -> dict[str, Any]:
    """Return the plan, the mapping, the scope and where the source's records go, as plain JSON.

    `choices` are those of the command line and the connection: what was accepted, how deep to verify, the share of the
    limit. It is made after the plan and before the first write.
    """
    return {
        "plan": plan.as_json(),
        "mapping": dict(plan.mapping.document),
        "scope": _scope_json(plan.scope),
        "accounted": {kind: one.as_json() for kind, one in account_for(work, plan.scope).items()},
        "carried": dict(sorted(plan.carried.items())),
        "lag": work.composer.destination.search_lag,
        **choices,
    }


def _scope_json(scope: Scope) -> dict[str, Any]:
    return {
        "only": list(scope.only), "since": scope.since, "sample": scope.sample, "early": scope.early,
        "tickets": len(scope.tickets) or None,
        "select": {name: str(value) for name, value in scope.select.items()},
    }  # fmt: skip

"""What an administrator sees of the account: itself, roles, products, calendars, policies, rules, mailboxes."""

from __future__ import annotations

from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.checks import ANY, FLAG, HASH, HASHES, TEXT, WHOLE, fields, is_whole
from deskferry.simulators.freshdesk.customs import BLANK
from deskferry.simulators.freshdesk.errors import Row, fault, invalid, not_found
from deskferry.simulators.freshdesk.paging import paged
from deskferry.simulators.freshdesk.routing import Call, Route, created, empty
from deskferry.simulators.kernel import SimResponse, json_response

PRIORITIES = ("priority_4", "priority_3", "priority_2", "priority_1")
APPLICABLE = ("company_ids", "group_ids", "sources", "ticket_types", "product_ids")
SLA_SPEC = fields({TEXT: "name description", FLAG: "active is_default", WHOLE: "position"})
SLA_SPEC |= fields({HASH: "sla_target applicable_to escalation"})
RULE_SPEC = fields({TEXT: "name description operator", WHOLE: "position automation_type_id", FLAG: "active"})
RULE_SPEC |= fields({HASHES: "events conditions actions", ANY: "performer"})


def _public(row: Row) -> Row:
    return {key: value for key, value in row.items() if key[0] != "_"}


def account(call: Call) -> SimResponse:
    """Return what the account is: its id, plan, data centre, time zone and number of agents."""
    settings = call.account.settings
    agents = list(call.account.tables["agents"].values())
    kinds = [row["type"] for row in agents]
    owner = agents[0]["contact"]
    first, _, last = owner["name"].partition(" ")
    counts = {
        "full_time": sum(1 for row in agents if not row["occasional"] and row["type"] == "support_agent"),
        "occasional": sum(1 for row in agents if row["occasional"]),
        "field_service": kinds.count("field_agent"),
        "collaborators": kinds.count("collaborator"),
    }
    body: Row = {"organisation_id": 284_960_733_419_037_820 + settings.account_id}
    body |= {"organisation_name": f"{settings.domain}.myfreshworks.com", "account_id": settings.account_id}
    body |= {"account_name": settings.account_name, "account_domain": f"{settings.domain}.freshdesk.com"}
    body |= {"bundle_id": None, "hipaa_compliant": False, "total_agents": counts, "timezone": settings.time_zone}
    body |= {"data_center": "US", "tier_type": settings.plan.tier}
    body |= {"address": dict.fromkeys(("country", "state", "city", "street", "postalcode"))}
    body |= {"contact_person": {"firstname": first, "lastname": last, "email": owner["email"]}}
    return json_response(body)


def helpdesk(call: Call) -> SimResponse:
    """Return the languages of the account."""
    first, *others = call.account.settings.languages
    return json_response({"primary_language": first, "supported_languages": others, "portal_languages": others})


def _sla_ok(values: Row) -> None:
    target = values.get("sla_target")
    if target is not None and tuple(target) != PRIORITIES:
        raise invalid(fault("sla_target", f"It should have {', '.join(PRIORITIES)}, in this order"))
    for name, level in (target or {}).items():
        for key in ("respond_within", "resolve_within"):
            value = level.get(key)
            if not is_whole(value) or value % 60 or value < 900:
                raise invalid(fault(f"sla_target[{name}][{key}]", "It should be a multiple of 60 and at least 900"))
        if "business_hours" not in level or "escalation_enabled" not in level:
            raise invalid(fault(f"sla_target[{name}]", BLANK, "missing_field"))
    where = values.get("applicable_to")
    if where is not None and (not where or set(where) - set(APPLICABLE)):
        raise invalid(fault("applicable_to", f"Please fill at least 1 of {', '.join(APPLICABLE)} fields"))


def create_sla(call: Call) -> SimResponse:
    """Create an SLA policy."""
    values = call.values(SLA_SPEC, ("name", "sla_target", "applicable_to"))
    _sla_ok(values)
    count = len(call.account.tables["sla_policies"])
    row: Row = {"id": 0, "description": None, "active": True, "is_default": False, "position": count, "escalation": {}}
    return created(call, "/sla_policies", call.account.add("sla_policies", row | values))


def update_sla(call: Call) -> SimResponse:
    """Change an SLA policy."""
    row = call.account.get("sla_policies", call.id)
    values = call.values(SLA_SPEC)
    _sla_ok(values)
    row.update(values)
    call.account.touch(row)
    return json_response(row)


def _rules(call: Call) -> list[Row]:
    if call.id not in (1, 3, 4):
        raise not_found()
    rows = call.account.tables["automations"].values()
    return [row for row in rows if row["automation_type_id"] == call.id]


def _meta(rows: list[Row]) -> Row:
    return {"total_active_count": sum(1 for row in rows if row["active"]), "total_count": len(rows)}


def rules(call: Call) -> SimResponse:
    """Return the rules of a type."""
    rows = _rules(call)
    return json_response({"rules": [_public(row) for row in rows], "meta": _meta(rows)})


def rule(call: Call) -> SimResponse:
    """Read, change or delete one rule."""
    row = next((row for row in _rules(call) if row["id"] == int(call.args[1])), None)
    if row is None:
        raise not_found()
    if call.request.method == "DELETE":
        del call.account.tables["automations"][row["id"]]
        return empty()
    if call.request.method == "PUT":
        row.update(call.values(RULE_SPEC))
        call.account.touch(row)
    return json_response({**_public(row), "meta": _meta(_rules(call))})


def create_rule(call: Call) -> SimResponse:
    """Create a rule."""
    rows = _rules(call)
    values = call.values(RULE_SPEC, ("name", "conditions", "actions"))
    row: Row = {
        "id": 0,
        "position": len(rows) + 1,
        "active": True,
        "performer": None,
        "events": [],
        "_only_named": False,
    }
    row |= {**values, "automation_type_id": call.id}
    return json_response(_public(call.account.add("automations", row)), 201)


def _mailboxes(account: Account) -> list[Row]:
    names = ("id", "name", "product_id", "group_id", "active", "created_at", "updated_at")
    found = []
    for row in account.tables["email_configs"].values():
        shown: Row = {name: row[name] for name in names}
        shown |= {"support_email": row["reply_email"], "default_reply_email": row["primary_role"]}
        shown |= {"mailbox_type": "freshdesk_mailbox", "failure_code": None}
        found.append(shown | {"freshdesk_mailbox": {"forward_email": row["to_email"]}})
    return found


def _email_configs(call: Call) -> SimResponse:
    """Return the addresses, or one of them, as the older calls do where the account still has these."""
    if not call.account.settings.email_configs:
        raise not_found()
    if call.args:
        return json_response(call.account.get("email_configs", call.id))
    return paged(call, list(call.account.tables["email_configs"].values()))


def _read_only(path: str, table: str, *, admin: bool = False) -> list[Route]:
    return [
        Route("GET", path, lambda call: paged(call, list(call.account.tables[table].values()), _public), admin=admin),
        Route(
            "GET", f"{path}/{{id}}", lambda call: json_response(_public(call.account.get(table, call.id))), admin=admin
        ),
    ]


ROUTES = (
    Route("GET", "/account", account),
    Route("GET", "/settings/helpdesk", helpdesk),
    *_read_only("/roles", "roles", admin=True),
    *_read_only("/products", "products"),
    *_read_only("/business_hours", "business_hours", admin=True),
    *_read_only("/admin/skills", "skills", admin=True),
    *(Route("GET", path, _email_configs, admin=True) for path in ("/email_configs", "/email_configs/{id}")),
    Route("GET", "/email/mailboxes", lambda call: paged(call, _mailboxes(call.account)), admin=True),
    Route(
        "GET",
        "/scenario_automations",
        lambda call: paged(call, list(call.account.tables["scenario_automations"].values())),
    ),
    Route(
        "GET", "/sla_policies", lambda call: paged(call, list(call.account.tables["sla_policies"].values())), admin=True
    ),
    Route("POST", "/sla_policies", create_sla, admin=True),
    Route("PUT", "/sla_policies/{id}", update_sla, admin=True),
    Route("GET", "/automations/{id}/rules", rules, admin=True),
    Route("POST", "/automations/{id}/rules", create_rule, admin=True),
    *(Route(method, "/automations/{id}/rules/{id}", rule, admin=True) for method in ("GET", "PUT", "DELETE")),
)

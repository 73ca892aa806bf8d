"""What surrounds the tickets of a generated account, in Zendesk's words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

from deskferry.simulators.account import Account
from deskferry.simulators.account.side import Field, Rule
from deskferry.simulators.zendesk.ids import id_of, iso, seconds
from deskferry.simulators.zendesk.render_people import rails_zone

_FOUNDED: Final = iso(int(datetime(2023, 1, 9, 8, 0, tzinfo=UTC).timestamp()))
_TYPES: Final = {"dropdown": "tagger"}
_SYSTEM_FIELDS: Final = (
    ("subject", "Subject"),
    ("description", "Description"),
    ("status", "Status"),
    ("tickettype", "Type"),
    ("priority", "Priority"),
    ("group", "Group"),
    ("assignee", "Assignee"),
    ("custom_status", "Ticket status"),
)
Records = list[dict[str, Any]]


class SideRenderer:
    """Renders what an account has one short list of; `collections` has them all by the name of their envelope."""

    def __init__(self, account: Account, host: str) -> None:
        self._account = account
        self._side = account.side
        self._host = host

    def collections(self) -> dict[str, Records]:
        """Return every list by its name."""
        rules = self._side.rules
        return {
            "groups": self.groups(),
            "brands": self.brands(),
            "recipient_addresses": self.addresses(),
            "ticket_fields": self.ticket_fields(),
            "user_fields": self.keyed_fields("person", "user_fields"),
            "organization_fields": self.keyed_fields("organization", "organization_fields"),
            "ticket_forms": self.forms(),
            "custom_statuses": self.statuses(),
            "macros": self.macros(),
            "trigger_categories": [
                {
                    "id": str(id_of("rule", 900)),
                    "name": "Notifications",
                    "position": 0,
                    "created_at": _FOUNDED,
                    "updated_at": _FOUNDED,
                }
            ],
            "triggers": self.rules(one for one in rules if one.kind == "trigger"),
            "automations": self.rules(one for one in rules if one.kind == "automation"),
            "views": self.rules(one for one in rules if one.kind == "view"),
            "sla_policies": self.policies(),
            "schedules": self.schedules(),
            "custom_roles": self.roles(),
        }

    def _stamped(self, kind: str, key: int, path: str | None = None) -> dict[str, Any]:
        identifier = id_of(kind, key)
        url = {"url": f"{self._host}/api/v2/{path}/{identifier}.json"} if path else {}
        return {**url, "id": identifier, "created_at": _FOUNDED, "updated_at": iso(seconds(_FOUNDED) + key * 86_400)}

    def groups(self) -> Records:
        """Return the groups, deleted ones too."""
        return [
            {
                **self._stamped("group", one.key, "groups"),
                "name": one.name,
                "description": one.description,
                "is_public": not one.private,
                "default": one.key == 1,
                "deleted": one.deleted,
            }
            for one in self._side.groups
        ]

    def brands(self) -> Records:
        """Return the brands."""
        return [
            {
                **self._stamped("brand", one.key, "brands"),
                "name": one.name,
                "brand_url": f"https://{one.subdomain}.zendesk.com",
                "subdomain": one.subdomain,
                "host_mapping": None,
                "has_help_center": one.key == 1,
                "help_center_state": "enabled" if one.key == 1 else "disabled",
                "active": one.active,
                "default": one.key == 1,
                "is_deleted": False,
                "logo": None,
                "ticket_form_ids": [id_of("form", 1), id_of("form", 2)],
                "signature_template": "{{agent.signature}}",
            }
            for one in self._side.brands
        ]

    def addresses(self) -> Records:
        """Return the addresses that customers write to."""
        return [
            {
                **self._stamped("address", one.key, "recipient_addresses"),
                "brand_id": id_of("brand", one.brand),
                "default": one.default,
                "name": one.name,
                "email": one.email,
                "forwarding_status": "verified",
                "spf_status": "verified",
                "cname_status": "unknown",
                "domain_verification_status": "verified",
                "domain_verification_code": None,
            }
            for one in self._side.mailboxes
        ]

    def _field(self, one: Field, place: int, path: str) -> dict[str, Any]:
        options = [
            {
                "id": id_of("option", place * 64 + number),
                "name": label,
                "raw_name": label,
                "value": value,
                "default": False,
            }
            for number, (value, label) in enumerate(one.options)
        ]
        return {
            **self._stamped("field", place, path),
            "type": _TYPES.get(one.type, one.type),
            "title": one.title,
            "raw_title": one.title,
            "description": one.title,
            "raw_description": one.title,
            "position": place,
            "active": one.active,
            "regexp_for_validation": "\\A[A-Z]{2}[0-9]+\\z" if one.type == "regexp" else None,
            "tag": "vip" if one.key == "vip" else None,
            **({"custom_field_options": options} if options else {}),
        }

    def ticket_fields(self) -> Records:
        """Return the built-in fields and the account's own."""
        common: dict[str, Any] = {
            "collapsed_for_agents": False,
            "required": False,
            "visible_in_portal": True,
            "editable_in_portal": True,
            "required_in_portal": False,
            "agent_description": None,
            "sub_type_id": 0,
        }
        system: Records = [
            {
                **self._stamped("field", 500 + place, "ticket_fields"),
                "type": kind,
                "title": title,
                "raw_title": title,
                "description": "",
                "raw_description": "",
                "title_in_portal": title,
                "raw_title_in_portal": title,
                "position": place,
                "active": True,
                "regexp_for_validation": None,
                "tag": None,
                "removable": False,
                "key": None,
                **common,
            }
            for place, (kind, title) in enumerate(_SYSTEM_FIELDS)
        ]
        own = [
            {
                **common,
                **self._field(one, place, "ticket_fields"),
                "title_in_portal": one.title,
                "raw_title_in_portal": one.title,
                "required": one.required,
                "removable": True,
                "key": None,
            }
            for place, one in enumerate(self._side.fields, 1)
            if one.kind == "ticket"
        ]
        return [*own, *system]

    def keyed_fields(self, kind: str, path: str) -> Records:
        """Return the custom fields of users or organizations: Zendesk calls their lists `dropdown`."""
        return [
            {**self._field(one, place, path), "type": one.type, "key": one.key, "system": False}
            for place, one in enumerate(self._side.fields, 1)
            if one.kind == kind
        ]

    def forms(self) -> Records:
        """Return the ticket forms."""
        keys = {one.key: place for place, one in enumerate(self._side.fields, 1)}
        return [
            {
                **self._stamped("form", one.key, "ticket_forms"),
                "name": one.name,
                "raw_name": one.name,
                "display_name": one.name,
                "raw_display_name": one.name,
                "end_user_visible": one.end_user_visible,
                "position": one.key,
                "ticket_field_ids": [id_of("field", 500), *(id_of("field", keys[key]) for key in one.fields)],
                "active": one.active,
                "default": one.key == 1,
                "in_all_brands": True,
                "restricted_brand_ids": [],
                "end_user_conditions": [],
                "agent_conditions": [],
            }
            for one in self._side.forms
        ]

    def statuses(self) -> Records:
        """Return the statuses of the account."""
        return [
            {
                **self._stamped("status", one.key, "custom_statuses"),
                "status_category": one.category,
                "agent_label": one.label,
                "raw_agent_label": one.label,
                "end_user_label": one.label,
                "raw_end_user_label": one.label,
                "description": "",
                "raw_description": "",
                "end_user_description": "",
                "raw_end_user_description": "",
                "active": one.active,
                "default": one.default,
            }
            for one in self._side.custom_statuses
        ]

    def macros(self) -> Records:
        """Return the prepared answers."""
        return [
            {
                **self._stamped("macro", one.key, "macros"),
                "title": one.title,
                "raw_title": one.title,
                "active": one.active,
                "default": False,
                "position": one.key,
                "description": None,
                "actions": [{"field": name, "value": value} for name, value in one.actions],
                "restriction": self._restriction(one.restriction),
            }
            for one in self._side.macros
        ]

    def _restriction(self, restriction: tuple[str, tuple[int, ...]] | None) -> dict[str, Any] | None:
        if restriction is None:
            return None
        kind, word = ("group", "Group") if restriction[0] == "group" else ("user", "User")
        ids = [id_of(kind, key) for key in restriction[1]]
        return {"type": word, "id": ids[0], **({"ids": ids} if kind == "group" else {})}

    def rules(self, rules: Iterable[Rule]) -> Records:
        """Return triggers, automations or views."""
        paths = {"trigger": "triggers", "automation": "automations", "view": "views"}
        return [self._rule(one, paths[one.kind]) for one in rules]

    def _rule(self, one: Rule, path: str) -> dict[str, Any]:
        record: dict[str, Any] = {
            **self._stamped("rule", one.key, path),
            "title": one.title,
            "raw_title": one.title,
            "active": one.active,
            "default": False,
            "position": one.key,
            "description": None,
            "conditions": {"all": _conditions(one.all), "any": _conditions(one.any)},
        }
        if one.kind == "view":
            columns = [{"id": name, "title": name.title()} for name in ("status", "subject", "requester", "created")]
            record |= {"restriction": None, "execution": {"columns": columns, "fields": columns, "custom_fields": []}}
        else:
            record["actions"] = [{"field": name, "value": value} for name, value in one.actions]
        if one.kind == "trigger":
            record |= {"category_id": str(id_of("rule", 900))}
        return record

    def policies(self) -> Records:
        """Return the SLA policies."""
        return [
            {
                **self._stamped("sla", one.key, "slas/policies"),
                "title": one.name,
                "description": one.description,
                "position": one.key,
                "filter": {"all": _conditions(one.filter), "any": []},
                "policy_metrics": [
                    {"priority": priority, "metric": metric, "target": minutes, "business_hours": business}
                    for priority, metric, minutes, business in one.targets
                ],
            }
            for one in self._side.sla_policies
        ]

    def schedules(self) -> Records:
        """Return the schedules; minutes count from Sunday."""
        return [
            {
                **self._stamped("schedule", one.key),
                "name": one.name,
                "time_zone": rails_zone(one.timezone),
                "intervals": [{"start_time": start, "end_time": end} for start, end in one.intervals],
            }
            for one in self._side.schedules
        ]

    def holidays(self) -> dict[int, Records]:
        """Return the holidays by the id of their schedule."""
        return {
            id_of("schedule", one.key): [
                {
                    "id": id_of("holiday", one.key * 64 + number),
                    "name": name,
                    "start_date": first,
                    "end_date": last,
                }
                for number, (name, first, last) in enumerate(one.holidays)
            ]
            for one in self._side.schedules
        }

    def roles(self) -> Records:
        """Return the custom roles."""
        return [
            {
                **self._stamped("role", 1, "custom_roles"),
                "name": "Light agent",
                "description": "Reads all, writes notes",
                "role_type": 1,
                "team_member_count": 1,
                "configuration": {"ticket_access": "all", "ticket_comment_access": "none", "light_agent": True},
            }
        ]


def _conditions(conditions: Iterable[tuple[str, str, Any]]) -> Records:
    return [{"field": name, "operator": operator, "value": value} for name, operator, value in conditions]

"""Settings and everything that an account has one short list of."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from deskferry.simulators.zendesk.errors import no_record
from deskferry.simulators.zendesk.ids import iso
from deskferry.simulators.zendesk.paging import paged, rows_of, wants_cursor
from deskferry.simulators.zendesk.plans import has
from deskferry.simulators.zendesk.routing import Call, Handler, Route, routes
from deskferry.simulators.zendesk.state import Record

_SINGULARS: Final = {
    "custom_statuses": "custom_status",
    "recipient_addresses": "recipient_address",
    "sla_policies": "sla_policy",
}


def one_of(name: str) -> str:
    """Return the envelope of a single record."""
    return _SINGULARS.get(name) or (f"{name[:-3]}y" if name.endswith("ies") else name.removesuffix("s"))


def listing(name: str, at_once: bool = False) -> Handler:
    """Return the handler that pages a list, or gives it all at once where Zendesk does not page."""

    def handler(call: Call) -> Record:
        records = call.state.lists.get(name, [])
        wanted = call.request.param("active")
        if wanted is not None and name != "views":
            records = [one for one in records if one.get("active", True) == (wanted == "true")]
        if at_once and not wants_cursor(call.request):
            return {name: records, "next_page": None, "previous_page": None, "count": len(records)}
        return paged(call.request, call.state.host, name, rows_of(records))

    return handler


def showing(name: str) -> Handler:
    """Return the handler that shows one record of a list."""

    def handler(call: Call) -> Record:
        found = [one for one in call.state.lists.get(name, []) if int(one["id"]) == call.ids[0]]
        if not found:
            raise no_record()
        return {one_of(name): found[0]}

    return handler


def only_active(name: str) -> Handler:
    """Return the handler of `/active`."""

    def handler(call: Call) -> Record:
        records = [one for one in call.state.lists.get(name, []) if one["active"]]
        return paged(call.request, call.state.host, name, rows_of(records))

    return handler


def never_paged(name: str) -> Handler:
    """Return the handler of a list that Zendesk never pages."""

    def handler(call: Call) -> Record:
        records = call.state.lists.get(name, [])
        if name == "custom_statuses":
            wanted = call.request.param("active")
            records = [one for one in records if wanted is None or one["active"] == (wanted == "true")]
            return {name: records}
        return {name: records, "next_page": None, "previous_page": None, "count": len(records)}

    return handler


def field_options(call: Call) -> Record:
    """Answer `GET /ticket_fields/{id}/options`: all of them, whatever paging was asked for."""
    found = [one for one in call.state.lists.get("ticket_fields", []) if one["id"] == call.ids[0]]
    if not found:
        raise no_record()
    options = found[0].get("custom_field_options", [])
    return {"custom_field_options": options, "next_page": None, "previous_page": None, "count": len(options)}


def schedules(call: Call) -> Record:
    """Answer `GET /business_hours/schedules`."""
    return {
        "schedules": call.state.lists.get("schedules", []),
        "url": f"{call.state.host}/api/v2/business_hours/schedules.json",
    }


def show_schedule(call: Call) -> Record:
    """Answer `GET /business_hours/schedules/{id}`."""
    return showing("schedules")(call)  # type: ignore[no-any-return]


def holidays(call: Call) -> Record:
    """Answer `GET /business_hours/schedules/{id}/holidays`."""
    found = call.state.holidays.get(call.ids[0])
    if found is None:
        raise no_record()
    url = f"{call.state.host}/api/v2/business_hours/schedules/{call.ids[0]}/holidays.json"
    return {"holidays": found, "url": url}


def settings(call: Call) -> Record:
    """Answer `GET /account/settings`."""
    brand = next((one["id"] for one in call.state.lists.get("brands", []) if one["default"]), None)
    plan = call.state.plan
    return {
        "settings": {
            "active_features": {
                "customer_satisfaction": has(plan, "csat"),
                "ticket_forms": has(plan, "forms"),
                "business_hours": has(plan, "schedules"),
                "user_org_fields": has(plan, "fields"),
                "allow_ccs": True,
                "user_tagging": True,
                "ticket_tagging": True,
                "light_agents": True,
                "on_hold_status": True,
            },
            "api": {"accepted_api_agreement": True, "api_password_access": "false", "api_token_access": "true"},
            "brands": {"default_brand_id": brand, "require_brand_on_new_tickets": False},
            "localization": {"locale_ids": [1, 2, 8, 66, 67], "time_zone": "Madrid", "iana_time_zone": "Europe/Madrid"},
            "statistics": {"forum": False, "search": True, "rule_usage": True},
            "tickets": {"tagging": True, "comments_public_by_default": True, "private_attachments": False},
            "users": {"tagging": True, "have_gravatars_enabled": False},
        }
    }


def current_token(call: Call) -> Record:
    """Answer `GET /oauth/tokens/current`; with Basic credentials there is none."""
    if call.caller.token is None:
        raise no_record()
    scopes = list(call.caller.scopes or ())
    identifier = sum(map(ord, call.caller.token))
    expires = call.caller.expires_at
    return {
        "token": {
            "id": identifier,
            "url": f"{call.state.host}/api/v2/oauth/tokens/{identifier}.json",
            "client_id": 1,
            "user_id": call.caller.user_id,
            "scopes": scopes,
            "token": call.caller.token[:10],
            "refresh_token": None,
            "created_at": iso(int(call.caller.issued_at)),
            "expires_at": None if expires is None else iso(int(expires)),
            "used_at": iso(call.state.now()),
        }
    }


def locales(call: Call) -> Record:
    """Answer `GET /locales`."""
    names = (
        (1, "en-US", "English"),
        (2, "es", "Español"),
        (8, "de", "Deutsch"),
        (66, "ar", "العربية"),
        (67, "ja", "日本語"),
    )
    rows = [
        {"id": key, "locale": locale, "name": name, "url": f"{call.state.host}/api/v2/locales/{key}.json"}
        for key, locale, name in names
    ]
    return {"locales": rows, "count": len(rows), "next_page": None, "previous_page": None}


def _simple(name: str, path: str | None = None, at_once: bool = False, feature: str | None = None) -> Iterable[Route]:
    where = f"/api/v2/{path or name}"
    yield Route("GET", where, listing(name, at_once), feature=feature)
    yield Route("GET", f"{where}/{{id}}", showing(name), feature=feature)


ROUTES: Final = [
    Route("GET", "/api/v2/macros/active", only_active("macros")),
    Route("GET", "/api/v2/triggers/active", only_active("triggers")),
    Route("GET", "/api/v2/automations/active", only_active("automations")),
    Route("GET", "/api/v2/views/active", only_active("views")),
    *_simple("brands"),
    *_simple("recipient_addresses"),
    *_simple("ticket_fields", at_once=True),
    *_simple("user_fields", feature="fields"),
    *_simple("organization_fields", feature="fields"),
    *_simple("ticket_forms", at_once=True, feature="forms"),
    *_simple("macros"),
    *_simple("triggers"),
    *_simple("trigger_categories"),
    *_simple("automations"),
    *_simple("views"),
    *routes(
        ("GET /api/v2/ticket_fields/{id}/options", field_options),
        Route("GET", "/api/v2/custom_statuses", never_paged("custom_statuses")),
        Route("GET", "/api/v2/custom_statuses/{id}", showing("custom_statuses")),
        Route("GET", "/api/v2/slas/policies", never_paged("sla_policies"), admin=True, feature="sla"),
        Route("GET", "/api/v2/slas/policies/{id}", showing("sla_policies"), admin=True, feature="sla"),
        Route("GET", "/api/v2/custom_roles", never_paged("custom_roles"), feature="roles"),
        Route("GET", "/api/v2/business_hours/schedules", schedules, feature="schedules"),
        Route("GET", "/api/v2/business_hours/schedules/{id}", show_schedule, feature="schedules"),
        Route("GET", "/api/v2/business_hours/schedules/{id}/holidays", holidays, feature="schedules"),
        ("GET /api/v2/account/settings", settings),
        ("GET /api/v2/oauth/tokens/current", current_token),
        ("GET /api/v2/locales", locales),
    ),
]

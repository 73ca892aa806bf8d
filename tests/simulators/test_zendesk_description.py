"""Answers of the Zendesk simulator against the vendor's own OpenAPI descriptions, whose known errors are listed here.

The descriptions are not ours to ship. They are looked for beside the project (`../shared/vendors`), or in the directory
that DESKFERRY_DESCRIPTIONS names: `zendesk/support-oas.yaml` and `zendesk/helpcenter-oas.yaml`, as Zendesk publishes
them. Where they are not to be had, these tests are reported as skipped.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests.simulators.zendesk_client import Client, client

BESIDE = Path(__file__).parents[3] / "shared" / "vendors"
PLACE = Path(os.environ.get("DESKFERRY_DESCRIPTIONS", BESIDE))
FILES = {"support": "zendesk/support-oas.yaml", "guide": "zendesk/helpcenter-oas.yaml"}

pytestmark = [
    pytest.mark.exhaustive,
    pytest.mark.skipif(
        not PLACE.is_dir(),
        reason="the vendor's descriptions are not here: see the docstring",
    ),
]

# Fields that are null in real answers and a plain type in the description.
NULL_IN_TRUTH = frozenset(
    [
        "agent_description",
        "alias",
        "assigned_at",
        "assignee_updated_at",
        "authenticity_token",
        "body",
        "business",
        "calendar",
        "comment",
        "default_group_id",
        "description",
        "domain_verification_code",
        "email",
        "forum_topic_id",
        "group_id",
        "height",
        "host_mapping",
        "initially_assigned_at",
        "locale",
        "logo",
        "organization_id",
        "raw_subject",
        "recipient",
        "restriction",
        "solved_at",
        "subject",
        "tag",
        "value",
        "width",
        "assignee_id",
    ]
)
KNOWN = frozenset(
    {
        ("macros.*.actions.*.value", "type"),  # an array for comments
        ("ticket_metric", "type"),  # described as a list, answered as one object
        ("tickets.*.status", "enum"),  # `deleted` in exports
    }
)
SUPPORT = """
    account/settings automations brands custom_roles custom_statuses deleted_tickets deleted_users
    group_memberships groups job_statuses locales macros organization_fields
    organization_memberships organizations organizations/count recipient_addresses
    satisfaction_ratings slas/policies tags ticket_audits ticket_fields ticket_forms ticket_metrics
    tickets tickets/count trigger_categories triggers user_fields users users/count users/me views
"""
EXPORTS = """
    tickets/cursor tickets users/cursor users organizations ticket_events ticket_metric_events
"""


class Loader(yaml.SafeLoader):
    """Reads a bare `=` and times as text."""


Loader.yaml_implicit_resolvers = {
    letter: [(tag, pattern) for tag, pattern in rows if not tag.endswith((":value", ":timestamp"))]
    for letter, rows in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


@cache
def description(name: str) -> Any:
    return yaml.load((PLACE / FILES[name]).read_bytes(), Loader=Loader)


@pytest.fixture(scope="module")
def desk() -> Client:
    return client(120, plan="suite_enterprise")


def as_json_schema(value: Any) -> Any:
    """Return an OpenAPI 3.0 schema as a JSON Schema."""
    if isinstance(value, list):
        return [as_json_schema(item) for item in value]
    if not isinstance(value, dict):
        return value
    schema = {name: as_json_schema(item) for name, item in value.items() if name not in ("example", "examples")}
    return {"anyOf": [schema, {"type": "null"}]} if schema.pop("nullable", False) is True else schema


@cache
def validator(name: str, template: str) -> Any:
    document = description(name)
    responses = document["paths"][template]["get"]["responses"]
    content = (responses.get("200") or responses[200])["content"]
    schema = as_json_schema(next(iter(content.values()))["schema"])
    components = {"schemas": as_json_schema(document["components"]["schemas"])}
    return jsonschema.Draft202012Validator({"allOf": [schema], "components": components})


def differences(name: str, template: str, body: Any) -> set[tuple[str, str]]:
    return departures(validator(name, template).iter_errors(body), NULL_IN_TRUTH) - KNOWN


def departures(errors: Iterable[Any], null: Collection[str]) -> set[tuple[str, str]]:
    """Return where a body departs from its schema, and how; of these names null is no departure.

    Nor is it of a custom field, whatever its name: one that is not filled in is null.
    """
    found = set()
    for error in errors:
        deepest = error
        while deepest.context:
            deepest = max(deepest.context, key=lambda one: len(one.absolute_path))
        path = ["*" if isinstance(part, int) else str(part) for part in deepest.absolute_path]
        custom = path[-2:-1] in (["organization_fields"], ["user_fields"])
        if deepest.instance is not None or not (custom or path[-1] in null):
            found.add((".".join(path), str(deepest.validator)))
    return found


@pytest.mark.parametrize("path", SUPPORT.split())
def test_lists(desk: Client, path: str) -> None:
    assert differences("support", f"/api/v2/{path}", desk.json(path)) == set()


@pytest.mark.parametrize("path", EXPORTS.split())
def test_exports(desk: Client, path: str) -> None:
    body = desk.json(f"incremental/{path}", start_time=0)
    assert differences("support", f"/api/v2/incremental/{path}", body) == set()


@pytest.mark.parametrize("tail", ["", "/comments", "/comments/count", "/audits", "/metrics"])
def test_below_a_ticket(desk: Client, tail: str) -> None:
    assert differences("support", f"/api/v2/tickets/{{ticket_id}}{tail}", desk.json(f"tickets/17{tail}")) == set()


def test_people_and_search(desk: Client) -> None:
    user = desk.json("users/me")["user"]["id"]
    bodies = {
        "users/{user_id}": desk.json(f"users/{user}"),
        "users/{user_id}/identities": desk.json(f"users/{user}/identities"),
        "tickets/show_many": desk.json("tickets/show_many", ids="1,2,3"),
        "search": desk.json("search", query="status:open"),
        "search/export": desk.json("search/export", query="status:open", **{"filter[type]": "ticket"}),
    }
    assert {path: differences("support", f"/api/v2/{path}", body) for path, body in bodies.items()} == {
        path: set() for path in bodies
    }


def test_help_centre(desk: Client) -> None:
    article = desk.json("help_center/articles")["articles"][2]["id"]
    bodies = {name: desk.json(f"help_center/{name}") for name in ("categories", "sections", "articles", "locales")}
    bodies |= {
        "user_segments": desk.json("help_center/user_segments"),
        "incremental/articles": desk.json("help_center/incremental/articles", start_time=0),
        "articles/{article_id}": desk.json(f"help_center/articles/{article}"),
        "articles/{article_id}/translations": desk.json(f"help_center/articles/{article}/translations"),
        "articles/{article_id}/attachments": desk.json(f"help_center/articles/{article}/attachments"),
    }
    assert {path: differences("guide", f"/api/v2/help_center/{path}", body) for path, body in bodies.items()} == {
        path: set() for path in bodies
    }

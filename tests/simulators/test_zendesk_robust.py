"""Whatever is sent to the Zendesk simulator, it answers as the vendor would: never with a crash."""

from __future__ import annotations

import random
import re
from typing import Any

import orjson
import pytest

from deskferry.simulators.zendesk import comments, imports, organizations, ticket_writes, user_values
from deskferry.simulators.zendesk.desk import ROUTES
from tests.simulators.zendesk_client import client

ODD: tuple[Any, ...] = (
    *(None, 0, 1, 2, -1, 3.5, 10**15, True, False, "", "x", "2025-01-01", "a@b.example", "open", "solved", "closed"),
    *([], ["a"], [1], [None], [[1]], [{}], [{"id": 1}], [{"value": 1}], [{"body": "x"}], {}, {"id": 1}, {"body": "x"}),
)
ENVELOPES = (
    *("ticket", "user", "organization", "identity", "group", "group_membership", "organization_membership", "macro"),
    *("custom_status", "ticket_field", "user_field", "organization_field", "custom_field_option", "article"),
    *("section", "category", "translation", "satisfaction_rating"),
)
LISTS = ("tickets", "users", "organizations", "organization_memberships", "group_memberships", "ids", "attachment_ids")
NAMES = sorted(
    {
        *(imports.KEYS | ticket_writes.MANY | user_values.KEYS | organizations.KEYS | comments.IMPORT_KEYS),
        *(
            "title",
            "type",
            "key",
            "custom_field_options",
            "actions",
            "agent_label",
            "status_category",
            "locale",
            "body",
        ),
        *("permission_group_id", "user_segment_id", "section_id", "label_names", "html_body", "text", "score", "value"),
    }
)
WRITES = [route for route in ROUTES if route.method != "GET"]


@pytest.mark.parametrize("seed", range(4))
def test_any_body_on_any_path_is_answered(seed: int) -> None:
    rng = random.Random(seed)
    desk = client(3)
    state = desk.desk.state
    desk.imports(status="open")
    ids = [*state.tickets.ids(), *list(state.users.ids())[:3], *list(state.organizations.ids())[:2], 0, 4711]
    ids += [one["id"] for rows in (*state.lists.values(), *state.guide.lists.values()) for one in rows[:2]]
    for number in range(500):
        route = rng.choice(WRITES)
        path = re.sub(r"\{id\}", lambda _: str(rng.choice(ids)), route.template)
        path = path.replace("{word}", rng.choice(("en-us", "x")))
        fields = {name: rng.choice(ODD) for name in rng.sample(NAMES, 4)}
        fields |= {"name": "n", "subject": "s", "comment": rng.choice(ODD)} if number % 2 else {}
        body: Any = dict.fromkeys(ENVELOPES, fields) | {name: [fields, {}] for name in LISTS} | fields
        if number % 7 == 0:
            body = rng.choice(ODD)
        query = {"ids": ",".join(str(rng.choice(ids)) for _ in range(2))} if number % 3 == 0 else {}
        answer = desk.http.request(route.method, path, json=body, params=query)
        assert answer.status_code < 500, (route.template, body)
        desk.desk.clock.sleep(3)
        if desk.get("users/me").status_code != 200:  # somebody took the admin's rights away
            desk = client(3, seed=seed + number)
    assert orjson.dumps(desk.desk.snapshot())


def test_every_admin_route_refuses_an_agent() -> None:
    desk = client(3)
    desk.patch("set_role", role="agent")
    for route in (one for one in WRITES if one.admin):
        path = route.template.replace("{id}", "1").replace("{word}", "en-us")
        allowed = desk.http.request(route.method, path, json={})
        assert allowed.status_code in (403, 404), route.template
        assert not allowed.is_success


def test_no_route_is_there_twice() -> None:
    paths = [(route.method, route.template) for route in ROUTES]
    assert len(paths) == len(set(paths))

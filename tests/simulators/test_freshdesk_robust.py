"""Whatever is sent to the Freshdesk simulator, it answers as the vendor would: never with a crash."""

from __future__ import annotations

import random
import re
from typing import Any

import orjson
import pytest

from deskferry.simulators.freshdesk import ticket_values, tickets
from deskferry.simulators.freshdesk.routes import ROUTES
from tests.simulators.freshdesk_client import Client

ODD: tuple[Any, ...] = (
    *(None, 0, 1, 2, 5, -1, 3.5, 10**15, True, "", "x", "2025-01-01", "a@b.example"),
    *(
        [],
        ["a"],
        [1],
        [None],
        [[1]],
        [{}],
        [{"id": 1}],
        [{"value": 1}],
        {},
        {"id": 1},
        {"ids": [1], "properties": {"status": 5}},
    ),
)
QUERIES = (
    "page=1",
    "page=x",
    "per_page=101",
    "include=stats",
    "updated_since=x",
    "query=%22status:2%22",
    "query=x",
    "term=k",
)


def refused(desk: Client) -> dict[str, list[str]]:
    """Return the fields of the last refusal by code."""
    found: dict[str, list[str]] = {}
    if desk.last.status == 400 and desk.last.body:
        for item in orjson.loads(desk.last.body).get("errors", []):
            found.setdefault(item["code"], []).append(item["field"].split(".")[0])
    return found


@pytest.mark.parametrize("seed", range(3))
def test_any_body_on_any_path_is_answered(seed: int) -> None:
    rng = random.Random(seed)
    desk = Client(seed=1)
    desk.ticket()
    desk.ok("POST", "/tickets/1/notes", {"body": "x"})
    category = desk.ok("POST", "/solutions/categories", {"name": "n"})
    desk.ok("POST", f"/solutions/categories/{category['id']}/folders", {"name": "f"})
    ids = [row_id for rows in desk.desk.account.tables.values() for row_id in list(rows)[:5]]
    names = [name for spec in (ticket_values.CREATE, tickets.BACKDATED) for name in spec]
    for number in range(400):
        desk.desk.clock.sleep(2)
        route = rng.choice(ROUTES)
        path = re.sub(r"\{id\}", lambda _: str(rng.choice(ids)), route.path).replace("{text}", rng.choice(("de", "x")))
        path += "?" + rng.choice(QUERIES) if number % 4 == 0 else ""
        body = {name: rng.choice(ODD) for name in rng.sample(names, 3)}
        for _ in range(6):  # take the advice of each refusal, to get deeper
            answer = desk.send(route.method, path, None if route.method == "GET" else body)
            assert answer.status < 500, (route, body)
            faults = refused(desk)
            body = {name: value for name, value in body.items() if name not in faults.get("invalid_field", [])}
            body |= {
                name: rng.choice(ODD)
                for code in ("missing_field", "datatype_mismatch")
                for name in faults.get(code, [])
            }
            if not faults:
                break
    assert orjson.dumps(desk.desk.snapshot())


def test_every_admin_route_refuses_an_agent() -> None:
    desk = Client(role="agent")
    for number, route in enumerate(route for route in ROUTES if route.admin):
        desk.desk.clock.sleep(60 if number % 500 == 0 else 0)
        path = route.path.replace("{id}", "1").replace("{text}", "x")
        assert desk.send(route.method, path, {}).status == 403, route


def test_no_route_is_there_twice() -> None:
    paths = [(route.method, route.path) for route in ROUTES]
    assert len(paths) == len(set(paths))

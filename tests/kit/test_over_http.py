"""The whole stack against a served simulator: real sockets, real faults, the simulator's own clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from deskferry.config import ConnectionConfig
from deskferry.connectors.kit.auth import BasicAuth
from deskferry.connectors.kit.clock import RemoteClock
from deskferry.connectors.kit.limits import ACCOUNT, Bucket
from deskferry.connectors.kit.opening import build_session
from deskferry.connectors.kit.session import InDoubt, Session
from deskferry.errors import Exhausted
from deskferry.redaction import Secret
from deskferry.simulators.faults import parse_faults
from deskferry.simulators.server import RunningServer, serve
from deskferry.simulators.start import build


@pytest.fixture(scope="module")
def served() -> Iterator[RunningServer]:
    """A small desk on a loopback port, on a virtual clock."""
    with serve(build("freshdesk", tickets=30, profile="plain")) as server:
        yield server


@pytest.fixture
def desk(served: RunningServer) -> Iterator[Session]:
    key = str(served.pipeline.desk.credentials()["api_key"])
    connection = ConnectionConfig("new", "freshdesk", base_url=served.base_url)
    clock = RemoteClock(served.base_url)
    with build_session(
        connection,
        clock,
        None,
        BasicAuth(Secret(key), "X"),
        origin="https://acme.freshdesk.com",
        prefix="/api/v2",
        buckets=[Bucket(ACCOUNT, 50)],
    ) as session:
        yield session
    served.faults.clear()


def statuses(served: RunningServer, since: int) -> list[int]:
    return [entry.status for entry in served.log[since:]]


def test_hours_of_limits_cost_no_real_time_and_no_429(served: RunningServer, desk: Session) -> None:
    begin, since = desk.clock.now(), len(served.log)
    for _ in range(1000):
        desk.get_json("agents/me")
    assert set(statuses(served, since)) == {200}
    assert desk.clock.now() - begin > 60


def test_faults_of_the_wire_are_passed(served: RunningServer, desk: Session) -> None:
    served.faults.extend(
        parse_faults(
            "500@/groups:nth=1;reset@/groups:nth=2;truncate@/groups:nth=3;html@/groups:nth=4;429@/groups:nth=5,retry_after=9"
        )
    )
    assert isinstance(desk.get_json("groups"), list)
    assert desk.meter.snapshot()["calls"] == 6


def test_a_write_whose_answer_was_lost_is_in_doubt(served: RunningServer, desk: Session) -> None:
    before = len(desk.get_json("companies"))
    served.faults.extend(parse_faults("reset_after@POST /companies:nth=1"))
    with pytest.raises(InDoubt):
        desk.request_json("POST", "companies", {"name": "Written once"})
    assert len(desk.get_json("companies")) == before + 1


def test_what_stays_broken_ends_resumably(served: RunningServer, desk: Session) -> None:
    served.faults.extend(parse_faults("truncate@/groups"))
    with pytest.raises(Exhausted, match="connection lost") as caught:
        desk.get_json("groups")
    assert caught.value.exit_code == 4

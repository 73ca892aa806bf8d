"""The control plane of a served desk, under `/__sim/`: outside the faults, the limits and the log.

GET /__sim/clock      {"now", "mode"}
POST /__sim/clock     {"sleep": seconds}, {"until": time} or {"set": time}; answers as GET, after
GET /__sim/mailbox    {"mails": [...]}; DELETE empties it
GET /__sim/state      the whole account: {collection: [records]}
POST /__sim/state     one change, or a list of them; answers {"result": ...}
GET /__sim/faults     {"rules": [...]}; DELETE clears them
POST /__sim/faults    adds a rule, a list of rules, {"rules": [...]} or {"spec": TEXT}
GET /__sim/log        {"count", "requests": [...]}; DELETE empties it
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, Final

from deskferry.errors import ConfigError
from deskferry.simulators.faults import parse_faults, rule_from_json
from deskferry.simulators.kernel import SimRequest, SimResponse, json_response

if TYPE_CHECKING:
    from deskferry.simulators.pipeline import Pipeline

CONTROL_PREFIX: Final = "/__sim/"


def control(pipeline: Pipeline, request: SimRequest) -> SimResponse:
    """Answer one request of the control plane; what is wrong with it comes back as 400."""
    name = request.path.removeprefix(CONTROL_PREFIX).strip("/")
    if name not in {known for known, _ in _HANDLERS}:
        return json_response({"error": f"There is no /__sim/{name}."}, 404)
    handler = _HANDLERS.get((name, request.method))
    if handler is None:
        return json_response({"error": f"{request.method} is not for /__sim/{name}."}, 405)
    try:
        return json_response(handler(pipeline, request))
    except (ConfigError, ValueError, KeyError, TypeError) as error:
        return json_response({"error": str(error) or type(error).__name__}, 400)


def _clock(pipeline: Pipeline, _request: SimRequest) -> Any:
    return {"now": pipeline.desk.clock.now(), "mode": pipeline.desk.clock.mode}


def _move_clock(pipeline: Pipeline, request: SimRequest) -> Any:
    # No lock: on a real clock this sleeps, and other requests go on meanwhile.
    change = request.json()
    if "sleep" in change:
        pipeline.desk.clock.sleep(float(change["sleep"]))
    elif "until" in change:
        pipeline.desk.clock.sleep_until(float(change["until"]))
    elif "set" in change:
        pipeline.desk.clock.set(float(change["set"]))
    else:
        raise ValueError('Send {"sleep": seconds}, {"until": time} or {"set": time}.')
    return _clock(pipeline, request)


def _mailbox(pipeline: Pipeline, _request: SimRequest) -> Any:
    with pipeline.lock:
        return {"mails": [asdict(mail) for mail in pipeline.desk.mailbox]}


def _empty_mailbox(pipeline: Pipeline, request: SimRequest) -> Any:
    with pipeline.lock:
        pipeline.desk.mailbox.clear()
    return _mailbox(pipeline, request)


def _state(pipeline: Pipeline, _request: SimRequest) -> Any:
    with pipeline.lock:
        return pipeline.desk.snapshot()


def _patch(pipeline: Pipeline, request: SimRequest) -> Any:
    change = request.json()
    with pipeline.lock:
        if isinstance(change, list):
            return {"result": [pipeline.desk.patch(one) for one in change]}
        return {"result": pipeline.desk.patch(change)}


def _faults(pipeline: Pipeline, _request: SimRequest) -> Any:
    return {"rules": [rule.to_json() for rule in pipeline.rules]}


def _add_faults(pipeline: Pipeline, request: SimRequest) -> Any:
    value = request.json()
    if isinstance(value, dict) and "spec" in value:
        added = parse_faults(str(value["spec"]))
    else:
        listed = value.get("rules", [value]) if isinstance(value, dict) else value
        added = [rule_from_json(one) for one in listed]
    with pipeline.lock:
        pipeline.rules.extend(added)
    return _faults(pipeline, request)


def _clear_faults(pipeline: Pipeline, request: SimRequest) -> Any:
    with pipeline.lock:
        pipeline.rules.clear()
    return _faults(pipeline, request)


def _log(pipeline: Pipeline, _request: SimRequest) -> Any:
    with pipeline.lock:
        return {"count": len(pipeline.log), "requests": [entry.to_json() for entry in pipeline.log]}


def _clear_log(pipeline: Pipeline, request: SimRequest) -> Any:
    with pipeline.lock:
        pipeline.log.clear()
    return _log(pipeline, request)


_HANDLERS: Final[dict[tuple[str, str], Callable[[Pipeline, SimRequest], Any]]] = {
    ("clock", "GET"): _clock,
    ("clock", "POST"): _move_clock,
    ("mailbox", "GET"): _mailbox,
    ("mailbox", "DELETE"): _empty_mailbox,
    ("state", "GET"): _state,
    ("state", "POST"): _patch,
    ("faults", "GET"): _faults,
    ("faults", "POST"): _add_faults,
    ("faults", "DELETE"): _clear_faults,
    ("log", "GET"): _log,
    ("log", "DELETE"): _clear_log,
}

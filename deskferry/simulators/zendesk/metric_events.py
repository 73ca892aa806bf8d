"""The metric events of a ticket: reply time, requester wait time and agent work time, with the SLA that applied."""

from __future__ import annotations

from typing import Any, Final

from deskferry.simulators.zendesk.ids import iso
from deskferry.simulators.zendesk.metrics import History, Metrics, history
from deskferry.simulators.zendesk.tickets import TicketFile

_RUNS: Final = {"requester_wait_time": ("new", "open", "hold"), "agent_work_time": ("new", "open")}
_SLA_METRICS: Final = {
    "reply_time": "first_reply_time",
    "requester_wait_time": "requester_wait_time",
    "agent_work_time": "agent_work_time",
}


class MetricEvents:
    """Computes the metric events of tickets under a list of SLA policies, the first that fits."""

    def __init__(self, metrics: Metrics, policies: list[dict[str, Any]], is_agent: Any) -> None:
        self._metrics = metrics
        self._policies = policies
        self._is_agent = is_agent

    def of(self, file: TicketFile) -> list[dict[str, Any]]:
        """Return the events of a ticket in the order of their time."""
        if file.imported_at is not None and len(file.audits) <= file.imported_audits:
            return []  # an import starts no clock
        past = history(file, self._is_agent)
        rows = self._clock(file, past, "reply_time", _reply_steps(past))
        for metric, running in _RUNS.items():
            rows += self._clock(file, past, metric, _status_steps(past, running))
        rows.sort(key=lambda row: (row["time"], row["metric"], row["instance_id"]))
        for number, row in enumerate(rows):
            row["id"] = file.audits[0]["id"] + 1 + number + number // 127
        return rows

    def _clock(
        self, file: TicketFile, past: History, metric: str, steps: list[tuple[int, str, int]]
    ) -> list[dict[str, Any]]:
        record = file.record

        def row(at: int, kind: str, instance: int, **more: Any) -> dict[str, Any]:
            head = {"id": 0, "ticket_id": record["id"], "metric": metric, "instance_id": instance}
            return {**head, "type": kind, "time": iso(at), **more}

        rows = [row(past.created, "measure", 0)]
        target = self._target(record, metric)
        started: dict[int, int] = {}
        for at, kind, instance in steps:
            rows.append(row(at, kind, instance))
            if kind == "activate" and instance not in started:
                started[instance] = at
                if target is not None:
                    rows.append(row(at, "apply_sla", instance, sla=target))
            if kind == "fulfill":
                calendar, business = self._metrics.minutes(started.get(instance, past.created), at)
                status = {"calendar": calendar, "business": business}
                rows.append(row(at, "update_status", instance, status=status))
                if target is not None:
                    rows += self._breach(row, target, started.get(instance, past.created), at, instance)
        return rows

    def _breach(self, row: Any, target: dict[str, Any], start: int, end: int, instance: int) -> list[dict[str, Any]]:
        calendar, business = self._metrics.minutes(start, end)
        if (business if target["business_hours"] else calendar) <= target["target"]:
            return []
        due = start + target["target"] * 60
        return [row(min(due, end), "breach", instance, deleted=False)]

    def _target(self, record: dict[str, Any], metric: str) -> dict[str, Any] | None:
        for policy in self._policies:
            if not all(_fits(record, one) for one in policy["filter"]["all"]):
                continue
            for one in policy["policy_metrics"]:
                if one["metric"] == _SLA_METRICS[metric] and one["priority"] == record["priority"]:
                    return {
                        "target": one["target"],
                        "target_in_seconds": one["target"] * 60,
                        "business_hours": one["business_hours"],
                        "policy": {name: policy[name] for name in ("id", "title", "description")},
                    }
        return None


def _fits(record: dict[str, Any], condition: dict[str, Any]) -> bool:
    same = record.get(condition["field"]) == condition["value"]
    return not same if condition["operator"] == "is_not" else same


def _reply_steps(past: History) -> list[tuple[int, str, int]]:
    """Return the reply clock: a customer's word starts it, an agent's answer ends it."""
    steps: list[tuple[int, str, int]] = []
    running, instance = False, 0
    for at, agent, _ in past.public:
        if not agent and not running:
            running, instance = True, instance + 1
            steps.append((at, "activate", instance))
        elif agent and running:
            running = False
            steps.append((at, "fulfill", instance))
    return steps


def _status_steps(past: History, running: tuple[str, ...]) -> list[tuple[int, str, int]]:
    """Return a status clock: it pauses outside its statuses, ends at a solve and starts anew after a reopen."""
    steps: list[tuple[int, str, int]] = []
    state, instance = "off", 0
    for at, status in past.statuses:
        if status in running and state != "on":
            instance += state == "off"
            state = "on"
            steps.append((at, "activate", instance))
        elif status in ("solved", "closed") and state != "off":
            state = "off"
            steps.append((at, "fulfill", instance))
        elif status not in running and state == "on" and status not in ("solved", "closed"):
            state = "paused"
            steps.append((at, "pause", instance))
    return steps

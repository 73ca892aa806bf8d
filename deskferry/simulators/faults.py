"""Faults as data: which requests go wrong, and how.

A rule matches requests and says what to do with the ones it hits:

    {"match": {"method": "POST", "path": "/tickets$", "query": "page=2", "nth": 3, "every": 7,
               "probability": 0.1, "seed": 1, "count": 2},
     "do": "status", "status": 429, "retry_after": 2}

`path` and `query` are regular expressions, searched for. `nth` (1-based), `every` and `probability` choose
among the matching requests, all of them without any; `count` is how often the rule strikes at most. Rules
count every request that they match; the first that strikes acts.

    status         `status` (429, 500, 503, ...), with `retry_after` if given and a `body` of html, json or
                   empty; with `after` the request took effect all the same
    reset          the connection is reset before anything happened
    reset_after    the same, after the request took effect
    truncate       the full Content-Length and half the body, then the end
    timeout        nothing for `seconds` (real ones), then the end
    timeout_after  the same, after the request took effect
    html           a page of HTML with status 200
    drop           an element (`index`, default the middle) is missing from the JSON list at the path `at`
    repeat         the page before this one, again
    stale          the answer that the same request had before the last write
    revoke         403, for every matching request from then on

As text, rules are separated by `;`, each `DO@[METHOD ]PATH[:KEY=VALUE,...]`; a number is short for a status:

    429@/incremental/:nth=3,retry_after=2;timeout_after@POST /tickets:every=7;drop@/comments:at=comments,nth=1
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final

import orjson

from deskferry.errors import ConfigError
from deskferry.simulators.kernel import SimRequest, SimResponse

ACTIONS: Final = (
    "status",
    "reset",
    "reset_after",
    "truncate",
    "timeout",
    "timeout_after",
    "html",
    "drop",
    "repeat",
    "stale",
    "revoke",
)
_TEXT_RULE = re.compile(r"^(?P<do>\w+)@(?:(?P<method>[A-Z*]+) )?(?P<path>.*?)(?::(?P<options>\w+=[^;]*))?$")
_MATCH_KEYS: Final = ("method", "path", "query", "nth", "every", "probability", "seed", "count")


@dataclass(slots=True)
class Rule:
    """One fault: which requests it hits, what it does, and how often it has struck."""

    do: str
    method: str | None = None
    path: str = ""
    query: str = ""
    nth: int | None = None
    every: int | None = None
    probability: float | None = None
    seed: int = 0
    count: int | None = None
    status: int = 503
    retry_after: float | None = None
    body: str | None = None
    after: bool = False
    seconds: float = 30.0
    at: str = ""
    index: int | None = None
    matched: int = 0
    struck: int = 0
    _random: random.Random = field(default_factory=random.Random, repr=False)

    def __post_init__(self) -> None:
        """Refuse what could never work, in words that say where."""
        if self.do not in ACTIONS:
            raise ConfigError(f"Unknown fault {self.do!r}.", f"Known ones: {', '.join(ACTIONS)}.")
        for name, pattern in (("path", self.path), ("query", self.query)):
            try:
                re.compile(pattern)
            except re.error as error:
                raise ConfigError(f"The {name} of fault {self.do!r} is no regular expression: {error}.") from error
        if self.do == "drop" and not self.at:
            raise ConfigError("Fault 'drop' needs the path of a list.", "For example at=comments.")
        if not 100 <= self.status <= 599:
            raise ConfigError(f"{self.status} is no HTTP status.")
        if any(value is not None and value < 1 for value in (self.nth, self.every, self.count)):
            raise ConfigError("nth, every and count of a fault start at 1.")
        self._random = random.Random(self.seed)

    def strikes(self, request: SimRequest) -> bool:
        """Count a request if it matches and return whether the rule acts on it."""
        if not self._matches(request):
            return False
        self.matched += 1
        if self.do == "revoke" and self.struck:
            return True
        if not self._chosen() or (self.count is not None and self.struck >= self.count):
            return False
        self.struck += 1
        return True

    def _matches(self, request: SimRequest) -> bool:
        if self.method not in (None, "*", request.method):
            return False
        if not re.search(self.path, request.path):
            return False
        return not self.query or bool(re.search(self.query, "&".join(f"{key}={value}" for key, value in request.query)))

    def _chosen(self) -> bool:
        if self.nth is not None and self.matched != self.nth:
            return False
        if self.every is not None and self.matched % self.every:
            return False
        return self.probability is None or self._random.random() < self.probability

    def to_json(self) -> dict[str, Any]:
        """Return the rule as it can be posted again, with what it has done so far."""
        values = {item.name: getattr(self, item.name) for item in fields(self) if item.name != "_random"}
        match = {key: values.pop(key) for key in _MATCH_KEYS}
        return {"match": {key: value for key, value in match.items() if value not in (None, "")}, **values}


def rule_from_json(value: object) -> Rule:
    """Return the rule that a JSON object describes; ConfigError says what is wrong with it."""
    if not isinstance(value, Mapping):
        raise ConfigError(f"A fault is a JSON object, not {type(value).__name__}.")
    flat: dict[str, Any] = {key: item for key, item in value.items() if key not in ("match", "matched", "struck")}
    match = value.get("match", {})
    if not isinstance(match, Mapping):
        raise ConfigError("The 'match' of a fault is a JSON object.")
    flat.update(match)
    known = {item.name for item in fields(Rule)} - {"_random", "matched", "struck"}
    unknown = sorted(set(flat) - known)
    if unknown:
        raise ConfigError(f"Unknown key in a fault: {', '.join(unknown)}.", f"Known: {', '.join(sorted(known))}.")
    if "do" not in flat:
        raise ConfigError("A fault needs 'do'.", f"One of {', '.join(ACTIONS)}.")
    return Rule(**flat)


def parse_faults(spec: str) -> list[Rule]:
    """Return the rules of the text form; ConfigError names the rule that cannot be read."""
    return [_parse_rule(part.strip()) for part in spec.split(";") if part.strip()]


def _parse_rule(text: str) -> Rule:
    found = _TEXT_RULE.match(text)
    if found is None:
        raise ConfigError(
            f"Cannot read the fault {text!r}.",
            "Write DO@[METHOD ]PATH[:KEY=VALUE,...], as in 429@/incremental/:nth=3.",
        )
    do = found["do"]
    values: dict[str, Any] = {"do": "status", "status": int(do)} if do.isdigit() else {"do": do}
    values["path"] = found["path"]
    if found["method"]:
        values["method"] = found["method"]
    for pair in (found["options"] or "").split(","):
        if pair:
            key, equals, value = pair.partition("=")
            if not equals:
                raise ConfigError(f"Cannot read {pair!r} in the fault {text!r}.", "Options are KEY=VALUE.")
            values[key.strip()] = _option(key.strip(), value.strip(), text)
    return rule_from_json(values)


def _option(key: str, value: str, text: str) -> Any:
    kinds: dict[str, type] = {
        **dict.fromkeys(("nth", "every", "seed", "count", "status", "index"), int),
        **dict.fromkeys(("probability", "retry_after", "seconds"), float),
    }
    if key == "after":
        return value.lower() in ("1", "true", "yes")
    try:
        return kinds.get(key, str)(value)
    except ValueError as error:
        raise ConfigError(f"{key}={value!r} in the fault {text!r} is no number.") from error


def striking(rules: Sequence[Rule], request: SimRequest) -> Rule | None:
    """Return the rule that acts on a request; all rules count it."""
    hits = [rule for rule in rules if rule.strikes(request)]
    return hits[0] if hits else None


def dropped(response: SimResponse, at: str, index: int | None) -> SimResponse:
    """Return an answer without one element of the list at a dotted path; unchanged where there is none."""
    try:
        document = orjson.loads(response.body)
    except ValueError:
        return response
    target: Any = document
    for part in at.split("."):
        if isinstance(target, list) and part.isdigit() and int(part) < len(target):
            target = target[int(part)]
        elif isinstance(target, dict):
            target = target.get(part)
        else:
            return response
    if not isinstance(target, list) or not target:
        return response
    position = len(target) // 2 if index is None else index
    if not -len(target) <= position < len(target):
        return response
    del target[position]
    return SimResponse(response.status, orjson.dumps(document), dict(response.headers))

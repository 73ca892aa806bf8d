"""The query language of search: `field:value`, inclusive `:>` and `:<`, AND, OR, parentheses, null."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from deskferry.simulators.freshdesk.errors import fault, invalid, unknown_fields

_TOKEN = re.compile(
    r"\s*(?:(?P<open>\()|(?P<close>\))|(?P<word>AND|OR)\b|"
    r"(?P<field>[A-Za-z_][\w]*)\s*:\s*(?P<sign>[<>]?)\s*(?:'(?P<quoted>(?:[^'\\]|\\.)*)'|(?P<bare>[^\s()']+)))",
)
Doc = Mapping[str, Any]
Test = Callable[[Doc], bool]
LONGEST = 512


@dataclass(slots=True)
class _Reader:
    text: str
    known: frozenset[str]
    at: int = 0
    ahead: re.Match[str] | None = field(default=None)

    def next(self) -> re.Match[str] | None:
        """Return the next token without taking it."""
        if self.ahead is None and self.text[self.at :].strip():
            self.ahead = _TOKEN.match(self.text, self.at)
            if self.ahead is None:
                raise bad_query()
        return self.ahead

    def take(self) -> re.Match[str]:
        """Take the next token."""
        token = self.next()
        if token is None:
            raise bad_query()
        self.at, self.ahead = token.end(), None
        return token

    def is_word(self, word: str) -> bool:
        """Say whether the next token is a connective."""
        token = self.next()
        return token is not None and token["word"] == word


def bad_query() -> Exception:
    """Return the refusal of a query that does not parse."""
    return invalid(fault("query", "Given query is invalid"))


def parse(text: str | None, known: frozenset[str]) -> Test:
    """Return the test that a query is; raises for quotes, length, syntax and unknown fields."""
    if text is None or len(text) < 2 or text[0] != '"' or text[-1] != '"' or not text[1:-1].strip():
        raise bad_query()
    if len(text) - 2 > LONGEST:
        raise invalid(fault("query", f"Given query is too long. It can have maximum of {LONGEST} characters"))
    reader = _Reader(text[1:-1], known)
    test = _either(reader)
    if reader.next() is not None:
        raise bad_query()
    return test


def _either(reader: _Reader) -> Test:
    tests = [_both(reader)]
    while reader.is_word("OR"):
        reader.take()
        tests.append(_both(reader))
    return tests[0] if len(tests) == 1 else lambda doc: any(test(doc) for test in tests)


def _both(reader: _Reader) -> Test:
    tests = [_one(reader)]
    while reader.is_word("AND"):
        reader.take()
        tests.append(_one(reader))
    return tests[0] if len(tests) == 1 else lambda doc: all(test(doc) for test in tests)


def _one(reader: _Reader) -> Test:
    token = reader.take()
    if token["open"]:
        test = _either(reader)
        if not reader.take()["close"]:
            raise bad_query()
        return test
    if not token["field"]:
        raise bad_query()
    name = token["field"]
    if name not in reader.known:
        raise unknown_fields([name])
    return _condition(name, token["sign"], _value(token["quoted"], token["bare"]))


def _value(quoted: str | None, bare: str | None) -> Any:
    if quoted is not None:
        return re.sub(r"\\(.)", r"\1", quoted)
    words = {"true": True, "false": False, "null": None}
    if bare in words:
        return words[bare]
    return int(bare) if bare and bare.lstrip("-").isdigit() else bare


def _condition(name: str, sign: str, wanted: Any) -> Test:
    if name == "custom_string":
        return lambda doc: any(_equal(value, wanted) for key, value in doc.items() if key.startswith("cf_"))
    if not sign:
        return lambda doc: _equal(doc.get(name), wanted)

    def compare(doc: Doc) -> bool:
        value = doc.get(name)
        if isinstance(value, str) and isinstance(wanted, str):
            value = value[: len(wanted)]
        elif not (isinstance(value, int | float) and isinstance(wanted, int)):
            return False
        return bool(value >= wanted if sign == ">" else value <= wanted)

    return compare


def _equal(value: Any, wanted: Any) -> bool:
    if isinstance(value, list):
        return not value if wanted is None else any(_equal(item, wanted) for item in value)
    if wanted is None:
        return value is None
    if isinstance(value, str) and isinstance(wanted, str):
        dated = len(wanted) == 10 and len(value) == 20 and value[4] == "-" and value[:10] == wanted
        return value.casefold() == wanted.casefold() or dated
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    return value == wanted or (isinstance(value, str) and value == str(wanted))

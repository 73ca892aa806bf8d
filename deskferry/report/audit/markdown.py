"""The audit as Markdown: what goes into a ticket, a wiki or a pull request. The page has more numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from deskferry.report.audit.page import coverage, span
from deskferry.report.wording import Words

_SPECIAL = {ord(one): f"\\{one}" for one in "\\`*_{}[]<>|#~$"}
_ISOLATE, _END = "\u2068", "\u2069"
_EXAMPLES = 5
Cells = Sequence[Any]


def markdown(found: Mapping[str, Any], words: Words) -> str:
    """Return the document as Markdown; texts from data are escaped and keep their direction to themselves."""
    lines: list[str] = []
    for section in _SECTIONS:
        lines += [*section(found, words), ""]
    return "\n".join(lines).rstrip() + "\n"


def text(value: Any) -> str:
    """Return a text from data so that it neither formats nor turns what stands around it."""
    if value is None:
        return "–"
    cut = isinstance(value, Mapping) and value["characters"] > len(value["text"])
    shown = " ".join(str(value["text"] if isinstance(value, Mapping) else value).split()).translate(_SPECIAL)
    return (shown if shown.isascii() else f"{_ISOLATE}{shown}{_END}") + ("…" if cut else "")


def _link(one: Mapping[str, Any]) -> str:
    shown = text(one["record_id"] or one.get("connection"))
    if not one.get("url"):
        return shown
    url = str(one["url"]).replace(" ", "%20").replace("(", "%28").replace(")", "%29")
    return f"[{shown}](<{url.replace('<', '%3C').replace('>', '%3E')}>)"


def _table(heads: Iterable[str], rows: Iterable[Cells], right: int) -> Iterator[str]:
    """Yield a table; the cells from place `right` on are numbers."""
    names = list(heads)
    yield "| " + " | ".join(names) + " |"
    yield "|" + "|".join("---:" if place >= right else "---" for place in range(len(names))) + "|"
    for row in rows:
        yield "| " + " | ".join(str(cell) for cell in row) + " |"


def _heading(name: str, words: Words) -> list[str]:
    return [f"## {words(f'audit.section.{name}')}", ""]


def _columns(words: Words, *names: str) -> list[str]:
    return [words(f"audit.col.{name}") for name in names]


def _kind(words: Words, kind: str | None) -> str:
    return "–" if kind is None else words.or_code(f"kinds.{kind}")


def _head(found: Mapping[str, Any], words: Words) -> Iterator[str]:
    title, verdict = found["title"], found["verdict"]
    yield f"# {words('audit.title')}: {', '.join(text(one['connection']) for one in title['accounts'])}"
    yield ""
    yield f"**{verdict['text']}**"
    yield ""
    yield from (f"- {one['text']}" for one in verdict["against"])
    yield ""
    for one in title["accounts"]:
        pulled = words.moment(one["pulled_at"]) if one["pulled_at"] else words("audit.about.never")
        yield (
            f"- {words('audit.about.account')} {text(one['connection'])} ({text(one['title'] or one['vendor'])}), "
            + (f"{words('audit.about.pulled')} {pulled}" if one["pulled_at"] else pulled)
        )
    yield f"- {words('audit.about.as_of')}: {words.moment(title['as_of'])}"
    span_of = f"{words.moment(title['first_ticket'])} … {words.moment(title['last_ticket'])}"
    yield f"- {words('audit.about.range')}: {span_of}"
    yield f"- {words('audit.about.run')}: `{title['run_id']}`, deskferry {title['version']}"


def _score(one: Mapping[str, Any], words: Words) -> Cells:
    share = words("audit.scores.none") if one["score"] is None else words.percent(one["score"], 2)
    return (*(words.number(one[name]) for name in ("checked", "with_error", "with_warning")), share)


def _scores(found: Mapping[str, Any], words: Words) -> Iterator[str]:
    scores = found["scores"]
    yield from (*_heading("scores", words), words("audit.scores.lead"), "", words("audit.scores.lead_n"), "")
    numbers = ("checked", "with_error", "with_warning", "score")
    yield from _table(
        _columns(words, "dimension", *numbers),
        ((words.or_code(f"audit.dimension.{one['dimension']}"), *_score(one, words)) for one in scores["dimensions"]),
        1,
    )  # fmt: skip
    yield ""
    kinds = [(_kind(words, one["kind"]), *_score(one, words)) for one in scores["kinds"] if one["checked"]]
    total = (f"**{words('audit.scores.total')}**", *_score(scores["total"], words))
    yield from _table(_columns(words, "kind", *numbers), [*kinds, total], 1)


def _trend(found: Mapping[str, Any], words: Words) -> Iterator[str]:
    runs = found["trend"]
    yield from _heading("trend", words)
    if len(runs) < 2:
        yield words("audit.trend.one")
        return
    names = ("error", "warning", "info")
    yield from (words("audit.trend.scores_lead"), "")
    yield from _table(
        (*_columns(words, "at", "run", "score", "rules"), *(words(f"audit.tile.{name}") for name in names)),
        ((words.moment(one["at"]), f"`{one['run_id']}`", _score_then(one, words), _rules_then(one, words),
          *(words.number(one[name]) for name in names)) for one in runs), 2,
    )  # fmt: skip


def _score_then(one: Mapping[str, Any], words: Words) -> Any:
    """Return the score of a run; a dash where it kept none."""
    return words.number(None) if one["checked"] is None else _score(one, words)[-1]


def _rules_then(one: Mapping[str, Any], words: Words) -> str:
    other = f" ({words('audit.trend.other_rules')})" if one["same_rules"] is False else ""
    return words.number(one["rules"]) + other


def _findings(found: Mapping[str, Any], words: Words) -> Iterator[str]:
    findings = found["findings"]
    yield from _heading("findings", words)
    if not findings["groups"]:
        yield words("audit.findings.none")
        return
    yield words("audit.findings.first") if findings["appeared"] is None else words(
        "audit.findings.unchanged", appeared=findings["appeared"], gone=findings["gone"],
        known=findings["total"] - findings["appeared"],
    )  # fmt: skip
    for one in findings["groups"]:
        yield from ("", f"### {words.or_code('audit.severity.' + one['severity'])}: {text(one['name'])}", "")
        counts = (
            words("audit.findings.counts", offending=one["offending"], checked=one["checked"]) if one["checked"]
            else words("audit.findings.aside", n=one["findings"])
        )  # fmt: skip
        yield f"`{one['rule']}` · {counts}. {text(one['advice'])}"
        yield ""
        shown = one["examples"][:_EXAMPLES]
        for each in shown:
            number = f" ({text(each['number'])})" if each["number"] else ""
            yield f"- {_link(each)}{number}: {text(each['detail'])}"
        if one["findings"] > len(shown):
            yield f"- {words('audit.findings.more', n=one['findings'] - len(shown))}"


def _duplicates(found: Mapping[str, Any], words: Words) -> Iterator[str]:
    told = found["duplicates"]
    yield from _heading("duplicates", words)
    if told is None:
        yield words("audit.duplicates.none")
    elif not told["counts"]:
        yield words("audit.duplicates.nothing")
    else:
        yield from _table(
            _columns(words, "kind", "verdict", "pairs", "decided"),
            ((_kind(words, one["kind"]), words.or_code(f"audit.verdicts.{one['verdict']}"), words.number(one["pairs"]),
              words.number(one["decided"])) for one in told["counts"]), 2,
        )  # fmt: skip


def _reconciliation(found: Mapping[str, Any], words: Words) -> Iterator[str]:
    yield from _heading("reconciliation", words)
    if found["reconciliation"] is None:
        yield words("audit.reconciliation.none")
    for one in found["reconciliation"] or ():
        yield words(
            "audit.reconciliation.lead", pulled=words.moment(one["pulled_at"]), as_of=words.moment(one["as_of"]),
            calls=one["calls"],
        )  # fmt: skip
        yield ""
        yield from _table(
            _columns(words, "kind", "here", "there"),
            ((_kind(words, each["kind"]), words.number(each["here"]), words.number(each["there"]))
             for each in one["counted"]), 1,
        )  # fmt: skip
        yield ""
        for each in one["found"]:
            yield (
                f"- {words.or_code('audit.departure.' + each['state'])}, {_kind(words, each['kind'])}: "
                f"{words.number(each['count'])}"
            )
        for each in one["departures"]["shown"]:
            yield f"- {_link(each)}: {words.or_code('audit.departure.' + each['state'])}"
        if not one["found"]:
            yield words("audit.reconciliation.nothing")
        for name in ("not_countable", "not_compared"):
            for each in one[name]:
                what = _kind(words, each.get("kind", each.get("what")))
                yield f"- {words(f'audit.reconciliation.{name}')}: {what}: {text(each['why'])}"


def _declared(found: Mapping[str, Any], words: Words) -> Iterator[str]:
    yield from _heading("declared", words)
    lines = found["declared"]["lines"]
    if not lines:
        yield words("audit.declared.none")
        return
    names = ("account", "stream", "measure", "class", "parents", "declared", "fetched", "short")
    yield from _table(
        _columns(words, *names),
        ((text(one["connection"]), text(one["stream"]), words.or_code(f"audit.measure.{one['measure']}"), one["class"],
          *(words.number(one[name]) for name in ("compared", "declared", "fetched", "short"))) for one in lines), 4,
    )  # fmt: skip


def _records(found: Mapping[str, Any], words: Words) -> Iterator[str]:
    yield from _heading("records", words)
    yield from _table(
        _columns(words, "account", "kind", "live", "deleted"),
        ((text(one["connection"]), _kind(words, one["kind"]), words.number(one["live"]), words.number(one["deleted"]))
         for one in found["records"]), 2,
    )  # fmt: skip
    if found["rejects"]["total"]:
        yield from ("", words("audit.records.rejects", n=found["rejects"]["total"]))


def _coverage(found: Mapping[str, Any], words: Words) -> Iterator[str]:
    yield from (*_heading("coverage", words), words("audit.coverage.lead"))
    for one in coverage(found):
        yield from (
            "",
            f"### {text(one['connection'])} · {_kind(words, one['kind'])} ({words.number(one['records'])})",
            "",
        )
        fields = [
            (f"`{each['field']}`", words.number(each["filled"]),
             words("audit.coverage.unmapped") if each["mapped"] is False and not each["filled"]
             else words.percent(each["filled"] / one["records"], 1))
            for each in one["fields"]
        ]  # fmt: skip
        custom = [
            (text(each["label"] or each["key"]), words.number(each["filled"]),
             words.percent(each["filled"] / one["records"], 1)) for each in one["custom"]
        ]  # fmt: skip
        yield from _table(_columns(words, "field", "filled", "share"), [*fields, *custom], 1)


def _distributions(found: Mapping[str, Any], words: Words) -> Iterator[str]:
    spread = found["distributions"]
    yield from (*_heading("distributions", words), words("audit.distributions.count", n=spread["tickets"]))
    for name, labels in (("status", "statuses"), ("channel", "audit.channel"), ("priority", "priorities")):
        rows = [
            (words("audit.distributions.nothing_given") if one["value"] is None
             else words.or_code(f"{labels}.{one['value']}"), words.number(one["count"])) for one in spread[name]
        ]  # fmt: skip
        yield from (
            "",
            f"### {words(f'audit.distributions.{name}')}",
            "",
            *_table(_columns(words, "value", "count"), rows, 1),
        )
    talks = [(span(one["from"], one["to"]), words.number(one["count"])) for one in spread["messages_a_ticket"]]
    months = [(one["month"], words.number(one["count"])) for one in spread["months"]]
    yield from (
        "",
        f"### {words('audit.distributions.messages')}",
        "",
        *_table(_columns(words, "value", "count"), talks, 1),
    )
    yield from (
        "",
        f"### {words('audit.distributions.months')}",
        "",
        *_table(_columns(words, "month", "count"), months, 1),
    )


def _not_checked(found: Mapping[str, Any], words: Words) -> Iterator[str]:
    yield from _heading("not_checked", words)
    for one in found["not_checked"]:
        yield f"- {text(one['text'])}"
        for each in one["items"]:
            yield "  - " + ": ".join(text(part) for part in (each["name"], each["why"]) if part)


_SECTIONS = (
    _head, _scores, _trend, _findings, _duplicates, _reconciliation, _declared, _records, _coverage, _distributions,
    _not_checked,
)  # fmt: skip

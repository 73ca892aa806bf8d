"""What findings say, in Spanish: each rule has its words, values come back as they were, odd texts stay as they are."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from pathlib import Path

import pytest

from deskferry.canonical_schema import KINDS
from deskferry.canonical_schema.enums import (
    AuthorKind,
    Direction,
    FetchState,
    MessageKind,
    MessageState,
    Role,
    Status,
    SurveyKind,
    TimeEntryKind,
)
from deskferry.connectors.kit.contract import Measure
from deskferry.report.audit.detail_words import Detail, Details, Sentence
from deskferry.report.audit.rule_words import RuleText, english_of
from deskferry.report.wording import Words, tables
from deskferry.store import Store, open_store
from deskferry.validate.crossing_checks import declared_check
from deskferry.validate.references import references
from deskferry.validate.rules.custom_field_rules import mixture
from deskferry.validate.validation import known_rules
from tests.metrics.build import World
from tests.report.audits import put_run, rule, told, written
from tests.report.pages import check_page

ES = Words("es")
ENGLISH = english_of((*known_rules(), *(declared_check(one.value) for one in Measure)))
DETAILS = [(rule, name) for rule, text in ENGLISH.items() for name in text.details]
WITHOUT = {"record.rejected", "record.schema"}
"""Rules whose details are no templates: what a mapping and the schema say, in English."""
FREE = {
    ("sla_event.without_policy", "metric"), ("ticket.duplicate_number", "number"),
    ("ticket.no_channel", "channel_label"), ("ticket.unknown_status", "status_label"),
    ("ticket.unmapped_label", "priority_label"),
    ("person.unknown_timezone", "timezone"), ("schedule.unknown_timezone", "timezone"),
    ("article.no_translation_text", "locale"), ("ticket.required_field_empty", "field"),
    *((f"{kind}.{'' if kind == 'custom_field' else 'field_'}value_not_an_option", "field")
      for kind in ("custom_field", "person", "organization")),
}  # fmt: skip
"""Values that are the vendor's own words, beside the ids of lost references; all others are of a kind."""
ALIKE = {"ticket", "tickets", "spam", "bytes"}
"""Words that Spanish has, too."""
CODES = {
    "status": Status, "role": Role, "author": AuthorKind, "message": MessageKind, "state": MessageState,
    "direction": Direction, "survey": SurveyKind, "work": TimeEntryKind, "fetch": FetchState,
}  # fmt: skip
SAMPLES: dict[str, tuple[str, ...]] = {
    **{kind: (*(one.value for one in codes), "None") for kind, codes in CODES.items()},
    "kind": tuple(one.value for one in KINDS),
    "flag": ("True", "False", "None"),
    "metric": ("reply_time_in_minutes.calendar", "full_resolution_time_in_minutes.calendar"),
    "time": ("2026-01-17 00:00:00", "2026-01-17 08:09:10.123456", "2026-01-17 08:09:10+00:00", "None"),
    "month": ("2025-03",),
    "digits": ("12345678901234567890",),
    "amount": ("1", "1234567", "-12.5", "3600.0", "None"),
    "code": ("body_text", "requester_id"),
    "": ("old:person:5", "Größe, {x}: <b>100 %</b>\n«ñ» 😀", "two, and no such", "None", ""),
    "forms": tuple(
        str(mixture(one)) for one in (
            {"2026-01-02": 1234, "1/2/2026": 3, "1.2.2026": 2, "1 May 2026": 1}, {"1": 9, '"1,5"': 2, '"2 kg"': 1},
            {"1": 9, '"€ 2"': 1}, {'"yes"': 3, '"true"': 2},
        )
    ),
}  # fmt: skip


VERBATIM = {"", "time", "month", "digits", "code"}
FILE = "rules_details."
DETAILS_OF_ALL = Details(ES, ENGLISH)


def _sentence(rule: str, name: str) -> Sentence:
    (found,) = (one for one in DETAILS_OF_ALL.sentences(rule) if one.english == ENGLISH[rule].details[name])
    return found


def _filled(sentence: Sentence) -> Iterator[dict[str, str]]:
    """Yield values for a template: the first sample of each kind, the second, …"""
    kinds = sentence.kinds
    for place in range(max((len(SAMPLES[kind]) for kind in kinds.values()), default=1)):
        yield {name: SAMPLES[kind][place % len(SAMPLES[kind])] for name, kind in kinds.items()}


def test_only_what_is_no_template_has_no_words() -> None:
    assert {one for one, text in ENGLISH.items() if not text.details} == WITHOUT
    assert len(DETAILS) > len(references()) + 80
    used = {kind for rule, name in DETAILS for kind in _sentence(rule, name).kinds.values()}
    assert used == set(SAMPLES)


@pytest.mark.parametrize(("rule", "name"), DETAILS)
def test_a_detail_comes_back_in_spanish_with_its_values(rule: str, name: str) -> None:
    english, sentence = ENGLISH[rule].details[name], _sentence(rule, name)
    assert sorted(sentence.kinds) == sorted(_fields(english))
    assert "}{" not in english  # two values side by side could not be told apart
    for values in _filled(sentence):
        detail = english.format(**values)
        assert sentence.read(detail) == values
        said = DETAILS_OF_ALL.told(rule, detail)
        assert said.translated
        assert said.text == sentence.said(values, ES)
        for field, kind in sentence.kinds.items():
            typed_nothing = values[field] == "None" and kind != ""
            assert ("–" if typed_nothing else values[field] if kind in VERBATIM else "") in said.text


def test_only_the_vendors_own_words_and_ids_are_any_text() -> None:
    free = {(rule, field) for rule, name in DETAILS for field, kind in _sentence(rule, name).kinds.items() if not kind}
    ids = {(f"reference.{one.kind}.{one.column}", one.column) for one in references()}
    assert free - ids == FREE
    assert ids < free


@pytest.mark.parametrize(("rule", "name"), DETAILS)
def test_no_english_is_left_of_a_template(rule: str, name: str) -> None:
    english, sentence = ENGLISH[rule].details[name], _sentence(rule, name)
    said = sentence.said(dict.fromkeys(sentence.kinds, "None"), ES)
    left = _words_of(english.format(**dict.fromkeys(sentence.kinds, ""))) & _words_of(said.replace("None", ""))
    codes = _words_of(rule) if rule.startswith("reference.") else set()  # the name of the column
    assert left - ALIKE - codes == set()
    assert said != english.format(**dict.fromkeys(sentence.kinds, "None"))


def _words_of(text: str) -> set[str]:
    return set(re.findall(r"[^\W\d_]{4,}", text.lower()))


def _fields(template: str) -> list[str]:
    return [name for _text, name, _spec, _conversion in string.Formatter().parse(template) if name]


def test_every_spanish_detail_is_of_a_rule() -> None:
    """A rule that got another id leaves none behind."""
    known = {f"{rule}.{name}" for rule, name in DETAILS} | {"family.reference.detail", "family.declared.detail"}
    assert {key.removeprefix(FILE) for key in tables("es") if key.startswith(FILE)} <= known


@pytest.mark.parametrize(
    ("rule", "detail", "spanish"),
    [
        ("ticket.open_for_ages", "on_hold since its creation on 2024-01-01 00:00:00",
         "estado: en espera, desde su creación el 2024-01-01 00:00:00"),
        ("event.contradicts_status", "the last change is to solved, the ticket is open",
         "el último cambio lleva a «resuelto», el ticket está en «abierto»"),
        ("ticket.time_without_solved", "open, solved 2026-01-04 09:00:00, closed None",
         "estado: abierto; resuelto 2026-01-04 09:00:00, cerrado –"),
        ("ticket.number_gaps", "1200 in a row: 90000 to 91199", "números seguidos que faltan: 1.200, de 90000 a 91199"),
        ("survey.outside_scale", "11.5 on a scale from 1.0 to 5.0", "11,5 en una escala de 1 a 5"),
        ("survey.outside_scale", "0.12345 on a scale from 1.0 to 5.0", "0.12345 en una escala de 1 a 5"),
        ("custom_field.mixed_formats", "1200 in kg, 3 with a comma, 2 1 and 0", "1.200 en kg, 3 con coma, 2 1 y 0"),
        ("ticket.spam_not_marked", "status spam, marked as spam: False", "estado: spam; marcado como spam: no"),
        ("reference.ticket.requester_id", "requester_id leads to old:person:5, and no such person is in the store",
         "requester_id lleva a old:person:5, y en el almacén no hay tal registro (Personas)"),
        ("declared.agent_replies", "the vendor declares 1200 agent replies, 3 are in the store",
         "respuestas de agentes según el proveedor: 1.200; en el almacén: 3"),
    ],
)  # fmt: skip
def test_values_are_written_as_spanish_does(rule: str, detail: str, spanish: str) -> None:
    assert DETAILS_OF_ALL.told(rule, detail).text == spanish


@pytest.mark.parametrize(
    ("rule", "detail"),
    [
        ("ticket.open_for_ages", "waiting since its creation on 2024-01-01 00:00:00"),
        ("ticket.open_for_ages", "open since its creation on 2024-01-01 00:00:00 or so"),
        ("ticket.open_for_ages", "open since its creat"),
        ("ticket.solved_before_created", "solved a, created b, created 2026-01-01 00:00:00"),
        ("custom_field.mixed_formats", "3 in the morning"),
        ("record.rejected", "bad_time: created_at"),
        ("ticket.odd", "ticket is odd"),
        ("reference.ticket.odd_id", "odd_id leads to 5, and no such person is in the store"),
        ("declared.odd", "the vendor declares many odd, 3 are in the store"),
    ],
)
def test_an_odd_text_stays_as_it_is(rule: str, detail: str) -> None:
    own = {"reference.ticket.odd_id": RuleText("Mine", "", {"detail": "{odd_id} leads"})}
    found = Details(ES, {**ENGLISH, **own}).told(rule, detail)
    assert (found.text, found.translated) == (detail, False)


def test_a_text_that_can_be_read_in_two_ways_is_not_read() -> None:
    sentence = Sentence("from {one} to {other}", "de {one} a {other}", "es")
    assert sentence.read("from a to b") == {"one": "a", "other": "b"}
    assert sentence.read("from a to b to c") is None


def test_english_reports_and_findings_without_a_detail_are_left_alone() -> None:
    english = Details(Words("en"), ENGLISH)
    assert english.told("ticket.no_message", "the ticket has no message") == Detail("the ticket has no message", True)
    assert DETAILS_OF_ALL.told("ticket.no_message", None) == Detail(None, translated=True)


# ----------------------------------------------------------------------------------------------------- in the report


LABEL = rule("ticket.no_channel", "completeness", "warning", detail="the vendor's channel is {channel_label}")
OWN = rule("ticket.own", "consistency", "error", detail="status {status}")
ODD = "the <b>vendor</b>"
LONG = "x" * 1000


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Store]:
    """Give a store with three findings."""
    world = World(tmp_path)
    world.ticket("2026-01-05 09:00", id="old:ticket:1")
    with open_store(f"sqlite:///{tmp_path / 'small.db'}") as store:
        world.fill(store)
        found = [
            (LABEL, "old:ticket:1", f"the vendor's channel is {LONG}"), (LABEL, "old:ticket:1", ODD),
            (OWN, "old:ticket:1", "status open"),
        ]  # fmt: skip
        put_run(store, "r1", "2026-02-08T00:00:00.000000Z", {"ticket": 1}, found, rules=(LABEL, OWN))
        yield store


def test_all_forms_of_a_report_say_it_in_its_language(small: Store, tmp_path: Path) -> None:
    rules = (LABEL, OWN)
    spanish, english = (told(small, "r1", tmp_path, language, rules=rules) for language in ("es", "en"))
    said = f"canal según el proveedor: «{LONG}»"
    assert [row["detail"] for row in spanish["finding_rows"]] == [said, ODD, "status open"]
    assert [row["detail"] for row in english["finding_rows"]] == [f"the vendor's channel is {LONG}", ODD, "status open"]
    own, label = spanish["findings"]["groups"]
    first, odd = label["examples"]
    assert first["detail"] == {"text": said[:240], "characters": len(said)}  # it is translated, then cut
    assert [one["translated"] for one in (first, odd, *own["examples"])] == [True, False, False]
    assert {one["translated"] for group in english["findings"]["groups"] for one in group["examples"]} == {True}
    markdown = written(small, "r1", tmp_path / "a.md", "es", rules=rules).read_text(encoding="utf-8")
    assert "canal según el proveedor: «xxx" in markdown
    assert ": the \\<b\\>vendor\\</b\\>\n" in markdown


def test_the_page_marks_what_is_english(small: Store, tmp_path: Path) -> None:
    path = written(small, "r1", tmp_path / "a.html", "es", rules=(LABEL, OWN))
    page = check_page(path, "es", drawings=True)
    cells = {(cell.attributes.get("lang"), cell.text()[:17]) for cell in page.css("#findings ~ details td:last-child")}
    assert {(None, "canal según el pr"), ("en", ODD[:17]), ("en", "status open")} <= cells
    assert "&lt;b&gt;vendor" in path.read_text(encoding="utf-8")

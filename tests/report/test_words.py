"""Every text there is, there is in every language; and every code that can occur has its text."""

from __future__ import annotations

import ast
import importlib
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

import deskferry
from deskferry.canonical_schema import KINDS
from deskferry.canonical_schema.enums import Channel, FetchState, Priority, Role, Status
from deskferry.connectors.kit.contract import Measure
from deskferry.connectors.registry import OWN
from deskferry.migrate.tally import STATES
from deskferry.report.audit.detail_words import Details
from deskferry.report.audit.duplicates import VERDICTS
from deskferry.report.audit.rule_words import english_of, told
from deskferry.report.sign_off import counting
from deskferry.report.sign_off.loss_groups import GROUPS, OF_CAUSE, words_of_cause
from deskferry.report.wording import LANGUAGES, Words, tables
from deskferry.validate.crossing_checks import declared_check
from deskferry.validate.finding import Severity
from deskferry.validate.rule import Dimension
from deskferry.validate.rule_results import EXAMINED, OFF
from deskferry.validate.validation import known_rules

ROOT = Path(deskferry.__file__).parent


def test_the_languages_say_the_same() -> None:
    own = ("effects.", "sentences.", "rules")  # in English the connectors, the metrics and the rules say them
    keys = [{key for key in tables(one) if not key.startswith(own)} for one in LANGUAGES]
    assert keys[0] == keys[1]
    for key in keys[0]:
        fields = [{name for form in _forms(tables(one)[key]) for name in _fields(form)} for one in LANGUAGES]
        assert fields[0] == fields[1], key


def _forms(leaf: Any) -> list[str]:
    return [leaf] if isinstance(leaf, str) else list(leaf.values())


def _fields(text: str) -> Iterator[str]:
    return (name for _text, name, _spec, _conversion in string.Formatter().parse(text) if name)


def test_every_text_that_a_page_asks_for_is_there() -> None:
    folder = resources.files("deskferry.report.page").joinpath("templates")
    asked: set[str] = set()
    for file in folder.iterdir():
        text = file.read_text(encoding="utf-8")
        asked |= set(re.findall(r"\bt\(['\"]([a-z_.]+)['\"][,)]", text))
        own = {"metrics.html.j2": "metrics.page", "audit.html.j2": "audit"}.get(file.name, "sign_off")
        asked |= {f"{own}.{key}" for key in re.findall(r"\bw\(\"([a-z_.]+)\"[,)]", text)}
        asked |= {f"{own}.section.{key}" for key in re.findall(r"section\(\"([a-z_]+)\"", text)}
    assert len(asked) > 100
    assert {key for key in asked if key not in tables("en")} == set()


def _heads() -> Iterator[str]:
    """Yield the columns that the tables of the audit name."""
    folder = resources.files("deskferry.report.page").joinpath("templates")
    text = folder.joinpath("audit.html.j2").read_text(encoding="utf-8")
    for names in re.findall(r"heads\(\(([^()]*)\)", text):
        yield from re.findall(r"\"([a-z_]+)\"", names)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_that_an_audit_shows_has_its_text(language: str) -> None:
    words = Words(language)
    wanted = [f"audit.dimension.{one.value}{what}" for one in Dimension for what in ("", "_says")]
    wanted += [f"audit.{what}.{one.value}" for one in Severity for what in ("severity", "tile")]
    wanted += [f"audit.channel.{one.value}" for one in Channel] + [f"audit.measure.{one.value}" for one in Measure]
    wanted += [f"audit.state.{one}" for one in (EXAMINED, OFF)] + [f"audit.fetch.{one.value}" for one in FetchState]
    wanted += [f"audit.col.{one}" for one in _heads()] + [f"audit.verdicts.{one}" for one in VERDICTS]
    assert [key for key in wanted if not words.has(key)] == []


def test_a_rule_without_spanish_is_shown_in_english() -> None:
    """`pytest -s` says which rules lack Spanish."""
    spanish, english = Words("es"), english_of(known_rules())
    lacking = [one for one in english if not told(spanish, one, english).translated]
    print(f"\nwithout Spanish: {len(lacking)} of {len(english)} rules: {', '.join(lacking)}")
    assert [one for one in lacking if told(spanish, one, english).name != english[one].name] == []
    assert told(spanish, "reference.ticket.requester_id", english).name.startswith("Referencias")


@pytest.mark.parametrize("language", [one for one in LANGUAGES if one != "en"])
def test_what_findings_say_is_there_in_every_language(language: str) -> None:
    english = english_of((*known_rules(), *(declared_check(one.value) for one in Measure)))
    details = Details(Words(language), english)
    told = {rule: {one.english for one in details.sentences(rule)} for rule in english}
    assert [rule for rule, text in english.items() if set(text.details.values()) != told[rule]] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_that_a_page_shows_has_its_text(language: str) -> None:
    words = Words(language)
    wanted = [f"kinds.{kind.value}" for kind in KINDS]
    wanted += [f"statuses.{one.value}" for one in Status] + [f"priorities.{one.value}" for one in Priority]
    wanted += [f"roles.{one.value}" for one in Role]
    wanted += [f"sign_off.losses.{what}.{group}" for group in GROUPS for what in ("group", "about")]
    wanted += [f"sign_off.outcome.{one}" for one in STATES if one not in {"repeated", "gone_at_source"}]
    wanted += [f"sign_off.outcome.{one}" for one in (*counting.MOVED, "carried")]
    wanted += [f"effects.{one}.{what}" for one in _effects() for what in ("says", "avoid") if language != "en"]
    assert [key for key in wanted if not words.has(key)] == []


def _effects() -> set[str]:
    """Return the names of the effects of every connector, by the constructions in its folder."""
    found: set[str] = set()
    for connector in OWN:
        for path in sorted((ROOT / "connectors" / connector.name).glob("*.py")):
            module = importlib.import_module(f"deskferry.connectors.{connector.name}.{path.stem}")
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Effect" and node.args:
                    found |= set(_File(ast.Module([], []), module).values(node.args[0]))
    assert "automations" in found
    return found


# ------------------------------------------------------------------------------------------------- causes of loss


@dataclass
class _File:
    """One file, and what an expression in it can be."""

    tree: ast.Module
    module: Any

    def functions(self) -> Iterator[ast.FunctionDef]:
        return (one for one in ast.walk(self.tree) if isinstance(one, ast.FunctionDef))

    def values(self, node: ast.expr, seen: frozenset[str] = frozenset()) -> Iterator[str]:
        """Yield the texts that an expression can be; `?…` where that cannot be read."""
        name = getattr(node, "id", None) or getattr(node, "attr", None)
        if isinstance(node, ast.Constant):
            yield from [] if node.value is None else [str(node.value)]
        elif isinstance(node, ast.IfExp):
            yield from [*self.values(node.body, seen), *self.values(node.orelse, seen)]
        elif isinstance(node, ast.Name) and isinstance(getattr(self.module, node.id, None), str):
            yield getattr(self.module, node.id)
        elif isinstance(node, ast.Call):
            yield from self._called(node, seen)
        elif name and name not in seen:
            yield from set(self._given(name, seen | {name})) or {f"?{name}"}
        elif not name:
            yield f"?{ast.unparse(node)}"

    def _called(self, node: ast.Call, seen: frozenset[str]) -> Iterator[str]:
        """Yield what a function of the file returns, or a look-up in a table of the file."""
        if isinstance(node.func, ast.Attribute) and node.func.attr == "get":
            table = getattr(self.module, getattr(node.func.value, "id", ""), None)
            yield from table.values() if table else ["?get"]
            return
        called = getattr(node.func, "id", "")
        own = [one for one in self.functions() if one.name == called]
        for function in own:
            for one in ast.walk(function):
                if isinstance(one, ast.Return) and one.value is not None:
                    yield from self.values(one.value, seen)
        if not own:
            yield f"?{ast.unparse(node)}"

    def _given(self, name: str, seen: frozenset[str]) -> Iterator[str]:
        """Yield what a name or attribute gets: assigned, raised with, handed over as an argument, by default."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Assign) and any(getattr(one, "id", "") == name for one in node.targets):
                yield from self.values(node.value, seen)
            elif isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Unfit" and name == "cause":
                yield from self.values(node.args[0], seen)
        for function in self.functions():
            names = [arg.arg for arg in (*function.args.posonlyargs, *function.args.args)]
            if name not in names or function.name == "__init__":
                continue
            defaults = dict(zip(names[::-1], function.args.defaults[::-1], strict=False))
            if name in defaults:
                yield from self.values(defaults[name], seen)
            for node in self._calls(function.name):
                place = names.index(name) - (1 if names[0] == "self" else 0)
                if len(node.args) > place:
                    yield from self.values(node.args[place], seen)

    def _calls(self, name: str) -> Iterator[ast.Call]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and name in {getattr(node.func, "id", ""), getattr(node.func, "attr", "")}:
                yield node

    def causes(self) -> Iterator[str]:
        """Yield the causes of all losses that are made here."""
        for node in self._calls("Loss"):
            named = [one.value for one in node.keywords if one.arg == "cause"]
            if named or len(node.args) > 3:
                yield from self.values(named[0] if named else node.args[3])
        if not any(one.name == "lose" for one in self.functions()):
            for node in self._calls("lose"):  # the method of a draft that is made elsewhere: its cause comes last
                if len(node.args) > 1:  # else a loss that was made before is handed over
                    yield from self.values(node.args[-1])


def _causes() -> dict[str, set[str]]:
    """Return file → causes that it can tell, by every place where a loss is made; `?…` where that cannot be read."""
    found: dict[str, set[str]] = {}
    for folder in ("migrate", *(f"connectors/{one.name}" for one in OWN), "connectors/kit"):
        for path in sorted((ROOT / folder).glob("*.py")):
            name = ".".join(("deskferry", *folder.split("/"), path.stem))
            causes = set(_File(ast.parse(path.read_text(encoding="utf-8")), importlib.import_module(name)).causes())
            if causes:
                found[f"{folder}/{path.name}"] = causes
    return found


def _told() -> set[str]:
    """Return every cause that anything can tell."""
    told = {cause for causes in _causes().values() for cause in causes}
    return told | {cause for one in OWN for cause in one.loss_words}


def test_every_cause_of_a_loss_is_read_from_the_code() -> None:
    unread = {file: [one for one in causes if one.startswith("?")] for file, causes in _causes().items()}
    known = {
        "migrate/verify.py": ["?cause"],  # read back from the store
        "connectors/zendesk/ticket_draft.py": ["?cause"],  # those who hand it over are read
        "migrate/compose_knowledge.py": ["?tuple(self._silent(aggregate, made))"],  # it is handed SILENT
    }
    assert {file: those for file, those in unread.items() if those and known.get(file) != those} == {}
    assert {"dropped_in_silence", "update_not_possible", "value_unfit", "address_taken", "file_missing"} <= _told()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_cause_of_a_loss_has_its_words(language: str) -> None:
    words = Words(language)
    texts: dict[str, str] = {}
    for vendor in (one for one in OWN if one.destination is not None):
        own = {cause for file, causes in _causes().items() for cause in causes
               if file.startswith(("migrate/", f"connectors/{vendor.name}/", "connectors/kit/"))}  # fmt: skip
        for cause in sorted(one for one in own if not one.startswith("?")):
            text = words_of_cause(vendor.name, words, cause)
            assert text != words("losses.unknown", cause=cause), f"{vendor.name}: {cause}"
            texts[cause] = text
    assert len(texts) > 40


def test_the_words_of_causes_differ_by_language() -> None:
    same = [
        cause for one in OWN for cause, (english, spanish) in one.loss_words.items() if english == spanish
    ]  # fmt: skip
    assert same == []
    assert set(OF_CAUSE.values()) < set(GROUPS)


# ---------------------------------------------------------------------------------------------- numbers and times


def test_numbers_and_times_are_those_of_the_language() -> None:
    english, spanish = Words("en"), Words("es")
    assert (english.number(12345.5), spanish.number(12345.5)) == ("12,345.5", "12.345,5")
    assert english.moment("2026-03-01T08:05:00.000000Z").startswith("Mar 1, 2026")
    assert spanish.moment("2026-03-01T08:05:00.000000Z").startswith("1 mar 2026")
    assert (english.moment(None), spanish.number(None)) == ("–", "–")
    assert (english.size(40_000_000), spanish.size(1_500)) == ("40 MB", "1,5 kB")
    assert (english.hours(0.2), english.hours(1.0), english.hours(30)) == ("12 minutes", "60 minutes", "30 hours")
    assert (spanish.hours(1.6), spanish("page.characters", n=1)) == ("1,6 horas", "1 carácter")
    assert spanish.or_code("kinds.new_thing") == "new thing"


def test_all_is_said_of_all_only() -> None:
    """A report that says 100 % where one of a million is wrong is believed, and wrong."""
    english, spanish = Words("en"), Words("es")
    assert [english.percent(1 - one, 2) for one in (0, 1e-6, 0.00004, 0.01)] == ["100%", "99.99%", "99.99%", "99%"]
    assert [english.percent(share) for share in (0.999, 1.0, 1.2)] == ["99%", "100%", "120%"]
    assert spanish.percent(0.99999, 1) == "99,9\xa0%"


def test_words_of_a_rule_stand_in_one_file() -> None:
    """They may lie in several; said in two of them, one would win in silence."""
    for language in LANGUAGES:
        keys = [key.partition(".")[2] for key in tables(language) if key.startswith("rules")]
        assert len(keys) == len(set(keys))

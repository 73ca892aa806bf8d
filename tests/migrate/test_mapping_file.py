"""The mapping file: what it answers, how it complains, and that the one which a plan writes answers that plan."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from deskferry.errors import ConfigError
from deskferry.migrate.mapping_file import line_of, mapping_schema, parse_mapping, read_mapping
from deskferry.migrate.migrate import plan
from deskferry.migrate.write_mapping import write_mapping
from deskferry.store import open_store
from tests.migrate.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as store:
        yield World(store).fill()


def test_answers_are_found_whatever_their_case() -> None:
    mapping = parse_mapping('[teams]\n"  First Level " = "Support"\n"Open" = ""\n[statuses]\n"On-Hold" = "7"\n')
    assert mapping.choice("teams", None, "first level") == "Support"
    assert mapping.choice("teams", "Open") is None
    assert mapping.value("status", "on-hold") == "7"
    assert mapping.value("status", "open") is None
    assert mapping.answers('[teams]\n"FIRST level" = ""')
    assert not mapping.answers('[teams]\n"Open" = ""')
    assert not mapping.answers("[teams]")


def test_tags_are_dropped_renamed_and_each_once() -> None:
    mapping = parse_mapping('[tags]\ndrop = ["Internal"]\nrename = { "VIP" = "gold", "gold-old" = "gold" }\n')
    assert mapping.tags(["internal", "vip", "gold-old", "other"]) == ("gold", "other")


def test_the_hash_is_of_the_content() -> None:
    one = parse_mapping('migrated_tag = "x"\n[teams]\n"a" = "b"\n"c" = "d"\n')
    other = parse_mapping('# words\nmigrated_tag = "x"\n[teams]\n"c" = "d"\n"a" = "b"\n')
    assert one.hash == other.hash
    assert one.hash != parse_mapping("").hash


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[teams\n"a" = "b"\n', r"map\.toml, line 1, column 7"),
        ('migrated_tag = "x"\n[teams]\n"a" = 3\n', r"map\.toml, line 3: teams\.a: 3 is not of type 'string'"),
        ('[agents]\n"a" = "b"\n\n[crew]\n"x" = "y"\n', r"line 4: crew: there is no 'crew' here; known are"),
        ('[fields.ticket."a b"]\nto = "x"\nvalue = {}\n', r"line 3: fields\.ticket\.a b\.value: there is no 'value'"),
        ('[fields.ticket.a]\nvalues = { "x" = "y" }\n', r"line 1: fields\.ticket\.a: 'to' is a required property"),
        ('[header]\nlanguage = "en"\ntimezone = "Mars/Base"\n', r"line 3: 'Mars/Base' is no time zone"),
        ('[header]\nform = "{who}"\n', r"line 2: the form of the header cannot be filled in"),
        ('[leave_out]\nspam = "no"\n', r"line 2: leave_out\.spam: 'no' is not of type 'boolean'"),
    ],
)
def test_an_error_names_the_line(text: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "map.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=said) as error:
        read_mapping(path)
    assert error.value.exit_code == 2


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="There is no mapping file"):
        read_mapping(tmp_path / "none.toml")


def test_the_line_of_a_key_or_of_what_is_above_it() -> None:
    text = '# a = 1\n[a]\nb = 1\n"c=d" = 2\n[e."f.g"]\nh = 1\n'
    assert line_of(text, ("a", "b")) == 3
    assert line_of(text, ("a", "c=d")) == 4
    assert line_of(text, ("e", "f.g", "h")) == 6
    assert line_of(text, ("e", "f.g", "missing")) == 5
    assert line_of(text, ("nowhere",)) == 1


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(mapping_schema())


def test_a_written_mapping_is_valid_and_changes_nothing(world: World) -> None:
    before = plan(world.job())
    text = write_mapping(before)
    Draft202012Validator(mapping_schema()).validate(tomllib.loads(text))
    after = plan(world.job(mapping=text))
    assert after.counts == before.counts
    assert {cause: one.count for cause, one in after.losses.items()} == {
        cause: one.count for cause, one in before.losses.items()
    }
    assert [(one.code, one.subject) for one in after.questions] == [(one.code, one.subject) for one in before.questions]
    assert '"404" = ""' in text, "what is open stands there as a blank"
    assert '"ana@desk.org" = "7"' in text, "what was guessed is filled in"


def test_a_written_mapping_keeps_what_was_answered(world: World) -> None:
    given = (
        'migrated_tag = "moved"\n[teams]\n"404" = "Support"\n[statuses]\n"closed" = "5"\n'
        '[tags]\ndrop = ["vip"]\nrename = { "a" = "b" }\n'
        '[leave_out]\nspam = false\n[header]\ntimezone = "Europe/Madrid"\n'
        '[settings]\norigin_field = "cf_x"\n[fields.ticket.plan]\nto = "cf_plan"\nvalues = { "Copper" = "Silver" }\n'
    )
    written = parse_mapping(write_mapping(plan(world.job(mapping=given))))
    assert written.migrated_tag == "moved"
    assert written.choice("teams", "404") in {"Support", "70"}
    assert written.value("status", "closed") == "5"
    assert written.tags(["vip", "a"]) == ("b",)
    assert not written.leave_out.spam
    assert written.leave_out.drafts
    assert written.header.timezone == "Europe/Madrid"
    assert written.setting("origin_field") == "cf_x"
    choice = written.field_choice("ticket", "plan")
    assert choice is not None
    assert dict(choice.values) == {"Gold": "Gold", "Copper": "Silver"}


def test_a_mapping_that_names_what_is_not_there_is_refused(world: World) -> None:
    for text, said in (
        ('[agents]\n"bob@desk.org" = "nobody@desk.org"\n', "sends person 'Bob Gone' to 'nobody@desk.org'"),
        ('[teams]\n"404" = "Nowhere"\n', "sends team '404' to 'Nowhere'"),
        ('[fields.ticket.plan]\nto = "cf_none"\n', "sends the ticket field 'plan' to 'cf_none'"),
    ):
        with pytest.raises(ConfigError, match=said):
            plan(world.job(mapping=text))


def test_tags_and_statuses_of_the_mapping_are_verified(world: World) -> None:
    result = world.migrate(mapping='migrated_tag = "moved"\n[tags]\nrename = { "vip" = "gold" }\n', prove=True)
    assert result.verify is not None
    assert [one.sentence() for one in result.verify.differences] == []
    assert sorted(world.ticket("1")["tags"]) == ["gold", "moved"]

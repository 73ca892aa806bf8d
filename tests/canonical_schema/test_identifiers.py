"""Ids."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deskferry.canonical_schema import part_id, record_id, split_id


def test_the_forms_of_the_contract() -> None:
    assert record_id("old", "ticket", 42) == "old:ticket:42"
    assert part_id("old:ticket:42", "tag", "vip") == "old:ticket:42/tag/vip"
    assert part_id("old:ticket:42", "opening") == "old:ticket:42/opening"


def test_split() -> None:
    assert split_id("old:ticket:42") == ("old", "ticket", "42", "")
    assert split_id("old:ticket:42/tag/a/b:c") == ("old", "ticket", "42", "tag/a/b:c")
    assert split_id("a-1_b:user:urn:x:7").source_id == "urn:x:7"


@given(
    connection=st.from_regex(r"[a-z0-9_-]+", fullmatch=True),
    name=st.from_regex(r"[a-z][a-z0-9_]*", fullmatch=True),
    source_id=st.text(min_size=1).filter(lambda text: "/" not in text),
    key=st.text(),
)
def test_split_undoes_record_and_part(connection: str, name: str, source_id: str, key: str) -> None:
    made = record_id(connection, name, source_id)
    assert split_id(made) == (connection, name, source_id, "")
    assert split_id(part_id(made, "tag", key)) == (connection, name, source_id, f"tag/{key}")


@pytest.mark.parametrize(
    ("connection", "name", "source_id"),
    [("Old", "ticket", "1"), ("", "ticket", "1"), ("old\n", "ticket", "1"), ("a:b", "ticket", "1"),
     ("old", "Ticket", "1"), ("old", "", "1"), ("old", "ticket:x", "1"), ("old", "ticket", "")],
)  # fmt: skip  # seven short rows
def test_names_against_the_rules_are_refused(connection: str, name: str, source_id: str) -> None:
    with pytest.raises(ValueError, match=r"no connection name|no object name|empty id"):
        record_id(connection, name, source_id)


@pytest.mark.parametrize("text", ["", "old", "old:ticket", "old:ticket:", ":ticket:1", "Old:ticket:1", "old:ticket:/a"])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no id"):
        split_id(text)

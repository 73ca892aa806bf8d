"""What a text comes to when a person is kept out of it."""

from __future__ import annotations

import base64
import json
import quopri
from urllib.parse import quote

import pytest

from deskferry.store.scrub import Scrubber
from deskferry.store.suppression import EMAIL, HANDLE, NAME, PHONE, Suppression, bucket_of, keyed

SALT = b"k" * 32
NAME_TEXT, ADDRESS, NUMBER = "Zoë Quillfeather", "zoe.q+vip@acme.example", "+34 600 123 987"
MARKS = ("quillfeather", "zoe.q", "600 123 987", "600123987", "600) 123-987")


def suppression(*, linked: bool = False) -> Suppression:
    """Return the entries of one person."""
    entries = [
        (EMAIL, "zoe.q+vip@acme.example", "gone@erased.invalid"), (EMAIL, "zoe.q@acme.example", "gone@erased.invalid"),
        (PHONE, "34600123987", "[erased]"), (PHONE, "600123987", "[erased]"), (HANDLE, "zoequill", "[erased]"),
        (NAME, "zoë quillfeather", "[erased]"), (NAME, "quillfeather zoë", "[erased]"),
    ]  # fmt: skip
    found = Suppression(SALT)
    found.tokens = {keyed(SALT, what, value): token for what, value, token in entries}
    found.lengths = {EMAIL: frozenset({1}), PHONE: frozenset({11, 9}), NAME: frozenset({2}), HANDLE: frozenset({1})}
    found.buckets = frozenset({bucket_of(SALT, "zoë"), bucket_of(SALT, "quillfeather")})
    if linked:
        found.linked = {keyed(SALT, NAME, "zoë quillfeather")}
    return found


@pytest.fixture
def cleaner() -> Scrubber:
    """Give what cleans texts of the person."""
    return Scrubber(suppression())


def told(text: str) -> bool:
    """Whether a text tells of the person in clear."""
    return any(mark in text.casefold() for mark in MARKS)


@pytest.mark.parametrize(
    "text",
    [
        "Call Zoë Quillfeather back", "ZOË  QUILLFEATHER", "Quillfeather, Zoë", "cv_Zoë_Quillfeather.pdf",
        "<b>Zoë</b> Quillfeather", "write to ZOE.Q+VIP@ACME.example.", "<mailto:zoe.q@acme.example>",
        "<20260101.7.zoe.q@acme.example>", "tel +34 600 123 987, 9 to 5", "0034600123987", "(600) 123-987",
        "2026-01-01 600123987 2026-01-02",
    ],
)  # fmt: skip
def test_plain_forms(cleaner: Scrubber, text: str) -> None:
    cleaned = cleaner.text(text)
    assert told(text)
    assert not told(cleaned)
    assert cleaner.text(cleaned) == cleaned


@pytest.mark.parametrize("value", [NAME_TEXT, ADDRESS, NUMBER])
def test_forms_within_forms(cleaner: Scrubber, value: str) -> None:
    """Whatever a text is wrapped in, its wrapping stays readable."""
    whole = f"before the {value} and after it"
    url = cleaner.text(f"https://x.example/?a=1&who={quote(value, safe='')}&b=2")
    assert url.startswith("https://x.example/?a=1&who=")
    assert url.endswith("&b=2")
    assert quote(value, safe="") not in url
    packed = cleaner.text("begin " + base64.b64encode(whole.encode()).decode() + " end")
    inner = base64.b64decode(packed.split()[1]).decode()
    assert inner.startswith("before the ")
    assert not told(inner)
    soft = cleaner.text(quopri.encodestring(whole.encode() + b" =3D " + "é".encode() * 40).decode())
    assert not told(quopri.decodestring(soft).decode())
    nested = cleaner.text(json.dumps({"text": whole, "n": 7}))
    assert not told(json.loads(nested)["text"])
    assert json.loads(nested)["n"] == 7
    twice = cleaner.text(quote(base64.b64encode(whole.encode()).decode(), safe=""))
    assert base64.b64encode(whole.encode()).decode() not in twice


def test_html_entities(cleaner: Scrubber) -> None:
    assert cleaner.text("<p>Dear Zo&euml; Quillfeather &amp; co</p>") == "<p>Dear [erased] &amp; co</p>"


@pytest.mark.parametrize(
    "text",
    [
        "Zoë Feather", "Quill Feather Zoë", "azoe.q@acme.example", "zoe.q@acme.example.org", "1600123987",
        "34600123988", "2026-03-01T08:01:00.000000Z", "https://x.example/?a=%20&b=%C3%A9", "a =3D b",
        "old:ticket:42/tag/vip", "[erased]", "gone@erased.invalid", "zoequiller",
    ],
)  # fmt: skip
def test_others_stay(cleaner: Scrubber, text: str) -> None:
    assert cleaner.text(text) == text


def test_json_values_stay_the_same_object_where_nothing_is_found(cleaner: Scrubber) -> None:
    value = {"a": [1, "x", {"b": None, "text": "Good morning"}], "c": 1.5}
    assert cleaner.value(value) is value
    assert cleaner.value({"by": {"zoe.q@acme.example": 34600123987}}) == {"by": {"gone@erased.invalid": "[erased]"}}


def test_a_name_that_others_bear_goes_only_beside_the_persons_own_marks() -> None:
    cleaner = Scrubber(suppression(linked=True))
    apart = {"name": NAME_TEXT, "email": "other@acme.example"}
    assert cleaner.value(apart) is apart
    assert cleaner.value({"name": NAME_TEXT, "email": ADDRESS}) == {"name": "[erased]", "email": "gone@erased.invalid"}
    assert cleaner.text(NAME_TEXT, linked=True) == "[erased]"


def test_a_name_that_a_border_cuts_is_found(cleaner: Scrubber) -> None:
    assert cleaner.finds(["all of Zoë Quill", "feather's mail"])
    assert not cleaner.finds(["all of Zoë", " and Quill", "er"])

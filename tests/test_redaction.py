"""Secrets never leave through a text, a log or a repr, and short ones do not eat the text."""

from __future__ import annotations

import base64
import logging
import pickle
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from deskferry import redaction
from deskferry.redaction import MASK, RedactingFilter, Secret, redact, register, register_pair


@pytest.fixture(autouse=True)
def fresh_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_REGISTRY", redaction._Registry())


def test_a_secret_shows_only_when_asked() -> None:
    secret = Secret("s3cret-value")
    assert (str(secret), f"{secret}", repr(secret)) == (MASK, MASK, "Secret('***')")
    assert secret.reveal() == "s3cret-value"
    assert secret == Secret("s3cret-value")
    assert len({secret, Secret("s3cret-value")}) == 1
    assert secret != "s3cret-value"
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_a_secret_is_looked_up_once_and_late() -> None:
    asked: list[int] = []

    def source() -> str:
        asked.append(1)
        return "late-secret"

    secret = Secret(source)
    assert redact("late-secret") == "late-secret"
    assert secret.reveal() == secret.reveal() == "late-secret"
    assert asked == [1]
    assert redact("late-secret") == MASK


def test_every_form_in_which_a_secret_travels() -> None:
    value = 'p@ss wörd/"+?'
    register(value)
    raw = value.encode()
    forms = [
        value,
        quote(value),
        quote(value, safe=""),
        base64.b64encode(raw).decode(),
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
    ]
    for form in forms:
        assert redact(f"before {form} after") == f"before {MASK} after", form


def test_basic_headers() -> None:
    register("the-api-token")
    register_pair("ops@example.com/token", "the-api-token")
    header = base64.b64encode(b"ops@example.com/token:the-api-token").decode()
    assert redact(f"sent {header}") == f"sent {MASK}"
    assert redact("Authorization: Bearer abcdef123456") == f"Authorization: Bearer {MASK}"
    assert redact("{'authorization': 'Basic YWJjOmRlZg=='}") == f"{{'authorization': 'Basic {MASK}'}}"
    assert redact("bearer eyJhbGciOiJIUzI1NiJ9.x.y") == f"bearer {MASK}"


def test_prose_stays_as_it_is() -> None:
    text = "Basic authentication was refused; the bearer responsible is unknown, authorization: see the docs."
    assert redact(text).startswith("Basic authentication was refused; the bearer responsible is unknown")


@pytest.mark.parametrize("value", ["a", "7", "-", " ", ""])
def test_a_secret_of_one_letter_mangles_nothing(value: str) -> None:
    register(value)
    text = "a 7 - and all the rest of 7 a's"
    assert redact(text) == text


def test_short_secrets_are_masked_where_they_stand_alone() -> None:
    register("abcd")
    assert redact("abcd abcde xabcd abcd.") == f"{MASK} abcde xabcd {MASK}."
    register("X")
    assert redact("X marks") == "X marks"


@given(
    st.text(min_size=6, max_size=40).filter(lambda text: len(text.strip()) >= 6 and "*" not in text),
    st.text(),
    st.text(),
)
def test_no_long_secret_survives(value: str, before: str, after: str) -> None:
    register(value)
    assert value.strip() not in redact(before + value + after)


def test_the_log_filter(caplog: pytest.LogCaptureFixture) -> None:
    register("secret-in-a-log")
    logger = logging.getLogger("deskferry.test")
    caplog.handler.addFilter(RedactingFilter())
    caplog.handler.setFormatter(logging.Formatter("%(message)s"))
    try:
        int("with secret-in-a-log")
    except ValueError:
        logger.exception("sent %s and %d", "secret-in-a-log", 3)
    assert "secret-in-a-log" not in caplog.text
    assert f"sent {MASK} and 3" in caplog.text
    assert f"'with {MASK}'" in caplog.text


def test_settings_models_take_secrets() -> None:
    class Settings(BaseModel):
        token: Secret
        other: Secret | None = None

    settings = Settings(token=Secret("model-secret"))
    assert settings.token.reveal() == "model-secret"
    assert "model-secret" not in repr(settings) + str(settings.model_dump()) + settings.model_dump_json()
    assert Settings.model_validate({"token": "as-text-1"}).token.reveal() == "as-text-1"
    with pytest.raises(ValidationError, match="env:NAME"):
        Settings.model_validate({"token": 3})

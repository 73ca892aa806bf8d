"""A connection's configuration becomes the vendor's settings, or an error that names the key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

from deskferry.config import ConnectionConfig, parse_config
from deskferry.connectors.kit.limits import pace_of, quiet_hours, retry_after, standard_readings
from deskferry.connectors.kit.settings import is_secret_field, parse_settings
from deskferry.errors import ConfigError
from deskferry.redaction import Secret


class Acme(BaseModel):
    """A vendor's settings."""

    domain: str = Field(description="The account")
    api_key: Secret = Field(description="of an administrator")
    other_key: Secret | None = None
    base_url: str | None = None
    page_size: int = Field(100, le=100)
    flavour: str = "plain"


def connection(**settings: Any) -> ConnectionConfig:
    common = {name: settings.pop(name) for name in ("base_url", "page_size") if name in settings}
    return ConnectionConfig("old", "acme", settings=settings, **common)


def test_settings_and_the_common_options_that_they_ask_for() -> None:
    parsed = parse_settings(Acme, connection(domain="d", api_key=Secret("key-of-acme"), page_size=20))
    assert (parsed.domain, parsed.api_key.reveal(), parsed.page_size, parsed.base_url) == ("d", "key-of-acme", 20, None)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"domian": "d"}, "[connections.old]: acme knows no 'domian'. Did you mean 'domain'?"),
        ({"share_of_limits": 1}, "Did you mean 'share_of_limit'?"),
        ({"zzz": 1}, "It takes api_key, domain, flavour, other_key."),
        ({"api_key": Secret("k")}, "'domain' is missing. domain: The account."),
        ({"domain": "d"}, "'api_key' is missing. Write api_key = \"env:NAME\""),
        (
            {"domain": "d", "api_key": Secret("k"), "page_size": 500},
            "page_size: Input should be less than or equal to 100.",
        ),
        ({"domain": 3, "api_key": Secret("k")}, "domain: Input should be a valid string."),
    ],
)
def test_what_is_wrong_is_named(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_settings(Acme, connection(**settings))
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_which_fields_are_secrets() -> None:
    secret = {name for name, field in Acme.model_fields.items() if is_secret_field(field.annotation)}
    assert secret == {"api_key", "other_key"}


def test_the_pace_of_a_connection(tmp_path: Path) -> None:
    text = '[connections.old]\nvendor = "acme"\nshare_of_limit = 0.5\nquiet_hours = "22:00-06:00 Europe/Madrid"\n'
    pace = pace_of(parse_config(text, tmp_path / "deskferry.toml").connection("old"), concurrency=3)
    assert (pace.share, pace.requests_per_minute, pace.concurrency) == (0.5, None, 3)
    midnight = 1_700_000_000 // 86400 * 86400
    assert pace.share_at(midnight) == 1.0
    assert pace.share_at(midnight + 12 * 3600) == 0.5
    # Madrid is an hour ahead of UTC in November: quiet from 21:00 until 05:00.
    hours = [hour for hour in range(24) if pace.share_at(midnight + hour * 3600) == 1.0]
    assert hours == [0, 1, 2, 3, 4, 21, 22, 23]


def test_quiet_hours_by_day() -> None:
    at_noon = quiet_hours("12:00-14:00 UTC")
    assert [hour for hour in range(24) if at_noon.at(hour * 3600)] == [12, 13]


@pytest.mark.parametrize(
    "text", ["22-6", "22:00-06:00", "25:00-06:00 UTC", "22:00-06:00 Europe/Nowhere", "22:00-06:00 ../x"]
)
def test_quiet_hours_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ConfigError, match="quiet_hours"):
        quiet_hours(text)


def test_what_headers_say() -> None:
    now = 1_700_000_000.0
    (reading,) = standard_readings(
        {"x-ratelimit-limit": "166", "x-ratelimit-remaining": "3", "x-ratelimit-reset": "1700000007"}, now
    )
    assert (reading.limit, reading.remaining, reading.resets_in) == (166, 3, 7)
    (reading,) = standard_readings({"x-ratelimit-total": "100.0", "x-ratelimit-remaining": "99.0"}, now)
    assert (reading.limit, reading.remaining, reading.resets_in) == (100, 99, None)
    assert standard_readings({}, now) == ()
    assert retry_after({"x-ratelimit-retry-after": "12"}, now) == 12
    assert retry_after({"retry-after": "Wed, 15 Nov 2023 00:00:00 GMT"}, now) == pytest.approx(6400)
    assert retry_after({"retry-after": "soon"}, now) is None

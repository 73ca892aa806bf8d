"""deskferry.toml: what is read, what is refused, and with which words."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from deskferry.config import COMMON_OPTIONS, Config, commented_template, load_config, parse_config
from deskferry.errors import ConfigError
from deskferry.redaction import Secret

CONNECTION = '[connections.old]\nvendor = "zendesk"\n'


def read(text: str, tmp_path: Path, known: dict[str, list[str]] | None = None) -> Config:
    return parse_config(text, tmp_path / "deskferry.toml", known)


def test_the_example_of_the_documentation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZENDESK_TOKEN", "token-from-the-environment")
    file = tmp_path / "deskferry.toml"
    file.write_text(
        '[store]\nurl = "sqlite:///deskferry.db"\n\n[connections.old]\nvendor = "zendesk"\n'
        'base_url = "https://acme.zendesk.com"\nemail = "ops@acme.com"\napi_token = "env:ZENDESK_TOKEN"\n'
    )
    config = load_config(file)
    old = config.connection("old")
    assert config.store_url == f"sqlite:///{tmp_path / 'deskferry.db'}"
    assert (old.vendor, old.base_url) == ("zendesk", "https://acme.zendesk.com")
    assert old.settings["email"] == "ops@acme.com"
    assert old.settings["api_token"].reveal() == "token-from-the-environment"
    assert (old.share_of_limit, old.requests_per_minute, old.quiet_hours) == (0.7, None, None)
    assert old.token_file == tmp_path / "deskferry.old.tokens.json"
    assert config.warnings == ()


def test_every_common_option(tmp_path: Path) -> None:
    old = read(
        CONNECTION
        + 'share_of_limit = 1\nrequests_per_minute = 90\nquiet_hours = "22:00-06:00 Europe/Madrid"\nthreads = 2\n'
        'page_size = 50\nstart_date = 2020-01-31\nproxy = "http://proxy:3128"\nca_bundle = "ca.pem"\n'
        'streams = ["tickets"]\ntoken_file = "tokens/old.json"\n',
        tmp_path,
    ).connection("old")
    assert (old.share_of_limit, old.requests_per_minute, old.threads, old.page_size) == (1.0, 90.0, 2, 50)
    assert old.start_date == "2020-01-31T00:00:00Z"
    assert (old.ca_bundle, old.token_file) == (tmp_path / "ca.pem", tmp_path / "tokens/old.json")
    assert (old.streams, old.proxy) == (("tickets",), "http://proxy:3128")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[store\n", "line 1, column 7"),
        ("a = 1\nb = = 2\n", "line 2, column 5"),
        ("a = [1,", "line 1, column 8"),
        ('[stores]\nurl = "x"\n', "'stores' is unknown. Did you mean 'store'?"),
        ('[store]\nurll = "x"\n', "[store]: 'urll' is unknown. Did you mean 'url'?"),
        ('[store]\nurl = "deskferry.db"\n', "is not a URL"),
        ("store = 3\n", "store must be a table"),
        ("[connections]\nold = 3\n", "'old' must be a table. Write [connections.old]"),
        ('[connections.Old]\nvendor = "zendesk"\n', "a-z, 0-9, _ and - only"),
        ("[connections.old]\n", "[connections.old] has no vendor"),
        (CONNECTION + "share_of_limit = 0\n", "share_of_limit must be a number above 0 and at most 1"),
        (CONNECTION + "share_of_limit = 1.5\n", "share_of_limit"),
        (CONNECTION + "share_of_limit = true\n", "share_of_limit"),
        (CONNECTION + "threads = 0\n", "threads must be a whole number from 1 to 64"),
        (CONNECTION + "requests_per_minute = -1\n", "requests_per_minute"),
        (CONNECTION + 'start_date = "soon"\n', "is no date or time"),
        (CONNECTION + "streams = [1]\n", "must be a list of texts"),
        (CONNECTION + "api_token = 3\n", "env:NAME"),
        (CONNECTION + 'base_url = "http://acme.zendesk.com"\n', "plain http is allowed on loopback only"),
        (CONNECTION + 'auth_url = "http://accounts.zoho.com"\n', "plain http is allowed on loopback only"),
        (CONNECTION + 'base_url = "https://acme.zendesk.com/api/v2"\n', "Write https://acme.zendesk.com"),
        (CONNECTION + 'base_url = "acme.zendesk.com"\n', "is not a URL"),
        (CONNECTION + 'base_url = "https://me:pw@acme.zendesk.com"\n', "more than an origin"),
        (CONNECTION + 'proxy = "proxy:3128"\n', "proxy is not a URL"),
        ('[routes.move]\nsource = "old"\n', "source names 'old', which is no connection"),
        (CONNECTION + '[routes.move]\nsource = "old"\n', "[routes.move] has no destination"),
        (CONNECTION + '[routes.move]\nsource = "old"\ndestination = "olds"\n', "Did you mean 'old'?"),
        (CONNECTION + '[routes.move]\nsource = "old"\ndestination = "old"\n', "are the same"),
    ],
)
def test_what_is_wrong_is_named(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text, tmp_path)
    message = str(caught.value)
    assert says in message
    assert str(tmp_path / "deskferry.toml") in message or "base_url" in message or "store" in message
    assert "\n" not in message


def test_unknown_vendors_and_keys_where_they_are_known(tmp_path: Path) -> None:
    known = {"zendesk": ["subdomain", "api_token"]}
    read(CONNECTION + 'subdomain = "acme"\nthreads = 1\n', tmp_path, known)
    with pytest.raises(ConfigError, match="Did you mean 'subdomain'"):
        read(CONNECTION + 'subdomian = "acme"\n', tmp_path, known)
    with pytest.raises(ConfigError, match="Did you mean 'zendesk'"):
        read('[connections.old]\nvendor = "zendesc"\n', tmp_path, known)


def test_a_missing_file_sends_to_init(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"deskferry init") as caught:
        load_config(tmp_path / "none.toml")
    assert caught.value.exit_code == 2


def test_a_file_that_is_not_text(tmp_path: Path) -> None:
    file = tmp_path / "deskferry.toml"
    file.write_bytes(b"[store]\nurl = '\xff'\n")
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_config(file)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path)


def test_a_byte_order_mark_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "deskferry.toml"
    file.write_bytes(b"\xef\xbb\xbf" + CONNECTION.encode())
    assert load_config(file).connection("old").vendor == "zendesk"


def test_plain_http_on_loopback(tmp_path: Path) -> None:
    for origin in ("http://127.0.0.1:8123", "http://localhost:1", "http://[::1]:9"):
        assert read(CONNECTION + f'base_url = "{origin}/"\n', tmp_path).connection("old").base_url == origin


def test_a_literal_secret_is_warned_of_and_never_shown(tmp_path: Path) -> None:
    config = read(CONNECTION + 'api_token = "literal-secret-1"\n', tmp_path)
    secret = config.connection("old").settings["api_token"]
    assert isinstance(secret, Secret)
    assert secret.reveal() == "literal-secret-1"
    assert len(config.warnings) == 1
    assert "[connections.old]: api_token is written out" in config.warnings[0]
    assert "literal-secret-1" not in repr(config) + str(secret) + f"{secret}"


def test_a_missing_variable_names_itself_and_the_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOWHERE_TOKEN", raising=False)
    config = read(CONNECTION + 'api_token = "env:NOWHERE_TOKEN"\n', tmp_path)
    with pytest.raises(ConfigError) as caught:
        config.connection("old").settings["api_token"].reveal()
    assert str(caught.value) == (
        "api_token of connection old: the environment variable NOWHERE_TOKEN is not set. "
        "Set NOWHERE_TOKEN and run it again."
    )


def test_secrets_from_files_and_the_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "token").write_text("from-a-file\n")
    store = {("deskferry", "zd"): "from-the-keyring"}
    fake = SimpleNamespace(get_password=lambda service, name: store.get((service, name)))
    monkeypatch.setitem(sys.modules, "keyring", fake)
    text = CONNECTION + 'api_token = "file:token"\noauth_token = "keyring:zd"\nclient_secret = "keyring:none"\n'
    settings = read(text + 'refresh_token = "file:none"\n', tmp_path).connection("old").settings
    assert settings["api_token"].reveal() == "from-a-file"
    assert settings["oauth_token"].reveal() == "from-the-keyring"
    with pytest.raises(ConfigError, match="keyring has no entry 'none'"):
        settings["client_secret"].reveal()
    with pytest.raises(ConfigError, match="cannot be read"):
        settings["refresh_token"].reveal()


def test_no_keyring_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    settings = read(CONNECTION + 'api_token = "keyring:zd"\n', tmp_path).connection("old").settings
    with pytest.raises(ConfigError, match="pip install"):
        settings["api_token"].reveal()


def test_other_settings_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK_URL", "http://127.0.0.1:8123")
    monkeypatch.setenv("DESK_MAIL", "ops@example.com")
    old = read(CONNECTION + 'base_url = "env:DESK_URL"\nemail = "env:DESK_MAIL"\n', tmp_path).connection("old")
    assert (old.base_url, old.settings["email"]) == ("http://127.0.0.1:8123", "ops@example.com")
    monkeypatch.delenv("DESK_URL")
    with pytest.raises(ConfigError, match="DESK_URL is not set"):
        read(CONNECTION + 'base_url = "env:DESK_URL"\n', tmp_path)


def test_routes(tmp_path: Path) -> None:
    config = read(
        CONNECTION + '[connections.new]\nvendor = "freshdesk"\n[routes.move]\nsource = "old"\ndestination = "new"\n'
        'mapping = "mapping.toml"\ndelta = "reimport"\nsync = true\n[routes.move.select]\ntag = "vip"\n'
        'inbox = ["a", "b"]\nupdated_from = 2024-01-01\n'
        'created = {from = "2023-01-01", to = "2024-01-01T01:00:00+01:00"}\n',
        tmp_path,
    )
    route = config.route("old", "new")
    assert (route.name, route.mapping, route.delta, route.sync) == ("move", tmp_path / "mapping.toml", "reimport", True)
    assert dict(route.select) == {
        "tag": ("vip",),
        "inbox": ("a", "b"),
        "updated_from": "2024-01-01T00:00:00Z",
        "created_from": "2023-01-01T00:00:00Z",
        "created_to": "2024-01-01T00:00:00Z",
    }
    assert config.route("new", "old").delta == "closed_first"
    with pytest.raises(ConfigError, match="There is no connection 'nwe'"):
        config.connection("nwe")


def test_a_selection_key_that_is_unknown(tmp_path: Path) -> None:
    text = CONNECTION + '[connections.new]\nvendor = "freshdesk"\n[routes.move]\nsource = "old"\ndestination = "new"\n'
    with pytest.raises(ConfigError, match="Did you mean 'status'"):
        read(text + 'select = {statuss = "open"}\n', tmp_path)
    with pytest.raises(ConfigError, match="closed_first, reimport"):
        read(text + 'delta = "all"\n', tmp_path)


def test_another_store_moves_the_default_token_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    text = CONNECTION + '[connections.kept]\nvendor = "zendesk"\ntoken_file = "kept.json"\n'
    config = read(text, tmp_path / "etc").with_store("sqlite:///other/desk.db")
    assert config.store_url == f"sqlite:///{tmp_path / 'other/desk.db'}"
    assert config.connection("old").token_file == tmp_path / "other" / "desk.old.tokens.json"
    assert config.connection("kept").token_file == tmp_path / "etc" / "kept.json"


def test_a_server_store_keeps_tokens_beside_the_configuration(tmp_path: Path) -> None:
    config = read('[store]\nurl = "postgresql://u:pass-of-store@h/db"\n' + CONNECTION, tmp_path)
    assert config.connection("old").token_file == tmp_path / "deskferry.old.tokens.json"
    assert read('[store]\nurl = "sqlite:///:memory:"\n', tmp_path).store_url == "sqlite:///:memory:"


def test_tokens_in_the_keyring(tmp_path: Path) -> None:
    old = read(CONNECTION + 'token_file = "keyring:old"\n', tmp_path).connection("old")
    assert (old.token_file, old.token_keyring) == (None, "old")


def test_the_template_is_valid_and_names_everything(tmp_path: Path) -> None:
    template = commented_template()
    assert read(template, tmp_path).connections == {}
    for option in COMMON_OPTIONS:
        assert f"{option} = " in template, option
    lines = template.splitlines()
    start, end = (
        lines.index("# [connections.zendesk_old]"),
        next(i for i, line in enumerate(lines) if "--- Options" in line),
    )
    examples = "\n".join(
        line.removeprefix("# ") for line in lines[start:end] if line.startswith("# ") and "---" not in line
    )
    config = read(examples, tmp_path)
    vendors = {connection.vendor for connection in config.connections.values()}
    assert vendors == {"zendesk", "freshdesk", "zoho_desk", "help_scout", "hubspot", "intercom", "files"}
    assert config.warnings == ()

"""Where a secret is kept: `env:NAME`, `file:PATH`, `keyring:NAME`, or written out in the configuration."""

from __future__ import annotations

import importlib
import os
import re
from pathlib import Path
from typing import Any

from deskferry.errors import ConfigError
from deskferry.redaction import Secret

KEYRING_SERVICE = "deskferry"
_REFERENCE = re.compile(r"(env|file|keyring):(.+)", re.DOTALL)
_SECRET_KEY = re.compile(r"(?:^|_)(?:token|secret|key|password)$")


def is_secret_key(key: str) -> bool:
    """Return whether a setting of this name holds a secret (`api_token`, `client_secret`, `api_key`, ...)."""
    return _SECRET_KEY.search(key) is not None


def is_reference(text: str) -> bool:
    """Return whether a text says where a value is kept, and is not the value."""
    return _REFERENCE.fullmatch(text) is not None


def secret_from(text: str, directory: Path, what: str) -> Secret:
    """Return the secret of a setting; a reference is looked up at the first `reveal()`. `what` names it in errors."""
    if not is_reference(text):
        return Secret(text)
    return Secret(lambda: resolve(text, directory, what))


def resolve(text: str, directory: Path, what: str) -> str:
    """Return the value that a reference leads to; raises ConfigError naming what is missing."""
    found = _REFERENCE.fullmatch(text)
    if found is None:
        return text
    kind, name = found.groups()
    if kind == "env":
        return _from_environment(name, what)
    if kind == "file":
        return _from_file(directory / Path(name).expanduser(), what)
    return _from_keyring(name, what)


def _from_environment(name: str, what: str) -> str:
    value = os.environ.get(name, "").strip()
    if not value:
        raise ConfigError(f"{what}: the environment variable {name} is not set.", f"Set {name} and run it again.")
    return value


def _from_file(path: Path, what: str) -> str:
    try:
        value = path.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not text"
        raise ConfigError(
            f"{what}: {path} cannot be read ({reason}).", "Put the secret alone into that file."
        ) from error
    if not value:
        raise ConfigError(f"{what}: {path} is empty.", "Put the secret alone into that file.")
    return value


def _from_keyring(name: str, what: str) -> str:
    value = keyring_get(name, what)
    if not value:
        advice = f"Store it with `keyring set {KEYRING_SERVICE} {name}`."
        raise ConfigError(f"{what}: the keyring has no entry {name!r} of {KEYRING_SERVICE}.", advice)
    return value


def keyring_get(name: str, what: str) -> str | None:
    """Return an entry of the keyring, or None; raises ConfigError where there is no keyring."""
    try:
        found: str | None = _keyring(what).get_password(KEYRING_SERVICE, name)
    except ConfigError:
        raise
    except Exception as error:  # backends raise their own errors
        raise ConfigError(
            f"{what}: the keyring cannot be read ({error}).", "Unlock it, or use env: or file:."
        ) from error
    return found


def keyring_set(name: str, value: str, what: str) -> None:
    """Keep a value in the keyring; raises ConfigError where there is none."""
    try:
        _keyring(what).set_password(KEYRING_SERVICE, name, value)
    except ConfigError:
        raise
    except Exception as error:
        raise ConfigError(f"{what}: the keyring cannot be written ({error}).", "Unlock it, or use a file.") from error


def _keyring(what: str) -> Any:
    try:
        return importlib.import_module("keyring")
    except ImportError as error:
        raise ConfigError(
            f"{what}: no keyring is installed.", 'Install it: pip install "deskferry[keyring]".'
        ) from error

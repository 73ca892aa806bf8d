"""Where tokens that rotate are kept: a file beside the store or the keyring; two processes never rotate at once."""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Protocol

import filelock
import orjson

from deskferry.config import ConnectionConfig
from deskferry.errors import ConfigError, LockHeld
from deskferry.redaction import Secret, register
from deskferry.references import keyring_get, keyring_set

_PATIENCE = 120.0
"""Seconds to wait for another process that renews the same tokens; it makes one call."""


@dataclass(frozen=True, slots=True, repr=False)
class Tokens:
    """What a vendor issued. `seed` is the hash of the configuration that it began with: a changed one wins."""

    access_token: str
    refresh_token: str | None = None
    expires_at: float | None = None
    seed: str = ""

    def __post_init__(self) -> None:
        for token in (self.access_token, self.refresh_token):
            if token:
                register(token)

    def fresh(self, now: float, spare: float = 60.0) -> bool:
        """Return whether the access token will still be good in a moment."""
        return self.expires_at is None or self.expires_at - spare > now


class TokenStore(Protocol):
    """Keeps the tokens of one connection."""

    where: str
    """Where they are, for messages."""

    def locked(self) -> AbstractContextManager[None]:
        """Keep every other process out for as long as the block lasts; raises LockHeld."""
        ...

    def load(self) -> Tokens | None:
        """Return what is kept, or None."""
        ...

    def save(self, tokens: Tokens) -> None:
        """Keep these; when it returns they survive a crash."""
        ...


def seed_of(*parts: str | Secret | None) -> str:
    """Return the hash by which a changed configuration is noticed."""
    texts = (part.reveal() if isinstance(part, Secret) else part or "" for part in parts)
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()


class FileTokens:
    """Tokens in a file that only its owner may read, replaced atomically."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.where = str(path)

    def locked(self) -> AbstractContextManager[None]:
        """Hold the lock file beside it."""
        return _locked(self._path.with_name(self._path.name + ".lock"), self.where)

    def load(self) -> Tokens | None:
        """Return what the file holds; raises ConfigError where it is damaged."""
        try:
            raw = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ConfigError(f"{self._path} cannot be read ({error.strerror}).", "Check its rights.") from error
        return _parsed(raw, self.where)

    def save(self, tokens: Tokens) -> None:
        """Write a new file and put it in the old one's place."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # mkstemp makes it readable by its owner alone, where the system knows such rights.
        handle, name = tempfile.mkstemp(prefix=self._path.name, suffix=".new", dir=self._path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(orjson.dumps(asdict(tokens)))
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(self._path)
        except BaseException:
            with contextlib.suppress(OSError):
                Path(name).unlink()
            raise


class KeyringTokens:
    """Tokens in the system's keyring."""

    def __init__(self, name: str, lock: Path) -> None:
        self._name, self._lock = name, lock
        self.where = f"the keyring's entry {name!r}"

    def locked(self) -> AbstractContextManager[None]:
        """Hold a lock file; keyrings have no locks."""
        return _locked(self._lock, self.where)

    def load(self) -> Tokens | None:
        """Return what the entry holds."""
        raw = keyring_get(self._name, "tokens")
        return _parsed(raw.encode(), self.where) if raw else None

    def save(self, tokens: Tokens) -> None:
        """Replace the entry."""
        keyring_set(self._name, orjson.dumps(asdict(tokens)).decode(), "tokens")


class MemoryTokens:
    """Tokens that are gone with the process: for tests and the rehearsal."""

    where = "memory"

    def __init__(self, tokens: Tokens | None = None) -> None:
        self.tokens = tokens

    def locked(self) -> AbstractContextManager[None]:
        """Lock nothing: one process."""
        return contextlib.nullcontext()

    def load(self) -> Tokens | None:
        """Return what is kept."""
        return self.tokens

    def save(self, tokens: Tokens) -> None:
        """Keep these."""
        self.tokens = tokens


def token_store(connection: ConnectionConfig) -> TokenStore:
    """Return where a connection keeps its rotating tokens."""
    if connection.token_keyring is not None:
        return KeyringTokens(connection.token_keyring, connection.directory / f".deskferry.{connection.name}.lock")
    if connection.token_file is None:
        return MemoryTokens()
    return FileTokens(connection.token_file)


@contextmanager
def _locked(path: Path, where: str) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        lock = filelock.FileLock(path, timeout=_PATIENCE)
        lock.acquire()
    except filelock.Timeout as error:
        raise LockHeld(f"Another process has been renewing the tokens in {where}.", "Try again in a moment.") from error
    try:
        yield
    finally:
        lock.release()


def _parsed(raw: bytes, where: str) -> Tokens:
    try:
        value = orjson.loads(raw)
        return Tokens(
            access_token=str(value["access_token"]),
            refresh_token=value.get("refresh_token"),
            expires_at=value.get("expires_at"),
            seed=str(value.get("seed", "")),
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(
            f"The tokens in {where} are damaged.", "Remove them and run `deskferry login` again."
        ) from error

"""The exception tree: few classes, each with its exit code, a message, and advice on what to do.

    DeskferryError
    ├── ConfigError         wrong before we began (exit 2)
    ├── OpenQuestions       a plan leaves something to decide (exit 2)
    ├── CapabilityError     asked of a vendor what it cannot do; raised before any call (exit 2)
    ├── StoreTooNew         the store was written by a newer version (exit 2)
    ├── Refused             credentials, scope, plan, or another account (exit 3)
    ├── Stopped             stopped early, can be resumed as it stands (exit 4)
    │   ├── Exhausted       retries spent on one request
    │   ├── LockHeld        another process holds the connection
    │   ├── DiskFull        nothing more can be written
    │   ├── TooManyErrors   --max-errors was reached
    │   └── Interrupted     Ctrl-C
    └── Findings            done, but something is wrong with the data (exit 1)

A bad *record* is never an exception outside a mapping: it is kept as a reject with its payload and code.
"""

from __future__ import annotations


class DeskferryError(Exception):
    """An error that a user can act on: `message` says what is wrong, `advice` what to do."""

    exit_code = 5

    def __init__(self, message: str, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        """Return one line: what is wrong, then what to do."""
        text = " ".join(self.message.split())
        return f"{text} {self.advice}".strip() if self.advice else text


class ConfigError(DeskferryError):
    """Usage or configuration is wrong; nothing was begun."""

    exit_code = 2


class OpenQuestions(DeskferryError):
    """A plan leaves questions that have no default."""

    exit_code = 2


class CapabilityError(DeskferryError):
    """The vendor cannot do this, or the connector does not yet; raised before any call."""

    exit_code = 2


class StoreTooNew(DeskferryError):
    """The store was written by a newer version of deskferry."""

    exit_code = 2


class Refused(DeskferryError):
    """The vendor refused: credentials, role, scope, plan, or it is another account.

    `status`: of the answer that refused a list, where it was one.
    """

    exit_code = 3

    def __init__(self, message: str, advice: str = "", *, status: int | None = None) -> None:
        super().__init__(message, advice)
        self.status = status


class Stopped(DeskferryError):
    """Stopped early; the same command goes on where it stopped."""

    exit_code = 4


class Exhausted(Stopped):
    """Retries are spent on one request."""


class LockHeld(Stopped):
    """Another process works on this connection."""


class DiskFull(Stopped):
    """The disk or the database is full."""


class TooManyErrors(Stopped):
    """`--max-errors` was reached."""


class Interrupted(Stopped):
    """Ctrl-C."""


class Findings(DeskferryError):
    """The work is done and the data have findings, rejects, shortfalls or differences."""

    exit_code = 1

"""The command line: parse, call the library, render. No logic."""

from deskferry.cli import (
    auditing,
    clearing,
    deduplicating,
    exporting,
    linking,
    looking,
    measuring,
    moving,
    reading,
    reporting,
    simulating,
    undoing,
    validating,
)
from deskferry.cli.app import main

__all__ = [
    "auditing",
    "clearing",
    "deduplicating",
    "exporting",
    "linking",
    "looking",
    "main",
    "measuring",
    "moving",
    "reading",
    "reporting",
    "simulating",
    "undoing",
    "validating",
]

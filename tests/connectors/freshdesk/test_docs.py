"""The vendor's page says what the code says."""

from __future__ import annotations

from pathlib import Path

from deskferry.connectors.freshdesk.words import EFFECTS, LOSS_CAUSES

PAGE = (Path(__file__).parents[3] / "docs" / "vendors" / "freshdesk.md").read_text(encoding="utf-8")


def test_every_cause_of_loss_is_explained() -> None:
    for cause, (english, _) in LOSS_CAUSES.items():
        assert f"| `{cause}` | {english} |" in PAGE


def test_every_effect_is_explained_with_its_remedy() -> None:
    for effect in EFFECTS:
        assert f"| `{effect.name}` | {effect.says} | {effect.avoid} |" in PAGE

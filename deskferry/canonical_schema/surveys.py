"""What customers and reviewers said of the service."""

from __future__ import annotations

from datetime import datetime

from deskferry.canonical_schema.canonical import Canonical, by_raw_record, text_flags
from deskferry.canonical_schema.columns import choice, position, real, text, time
from deskferry.canonical_schema.enums import SurveyKind


class SurveyResponse(Canonical, table=True):
    """One question put to one person, answered or not."""

    __tablename__ = "survey_response"

    kind: str | None = choice(SurveyKind, "What the survey asks")
    question: str | None = text("The question as it was put")
    ticket_id: str | None = text("The ticket it is about", index=True)
    person_id: str | None = text("The person who answered")
    agent_id: str | None = text("The agent it is about")
    score: float | None = real("The answer on its scale; NULL: not answered, or an answer without a number")
    scale_min: float | None = real("The worst score of the scale")
    scale_max: float | None = real("The best score of the scale")
    label: str | None = text("The answer in the vendor's words, e.g. `good`")
    reason: str | None = text("The reason that was picked from a list")
    comment: str | None = text("What the person wrote")
    revision: int | None = position("Which answer of the same person to the same survey, from 1")
    sent_at: datetime | None = time("When the question was sent")
    answered_at: datetime | None = time("When it was answered; NULL: it was not")
    text_flags: str | None = text_flags()


class Review(Canonical, table=True):
    """A colleague's review of how a ticket was handled."""

    __tablename__ = "review"

    ticket_id: str | None = text("The ticket", index=True)
    agent_id: str | None = text("The agent who is reviewed")
    reviewer_id: str | None = text("The person who reviewed")
    score: float | None = real("The verdict on its scale")
    scale_min: float | None = real("The worst score of the scale")
    scale_max: float | None = real("The best score of the scale")
    reviewed_at: datetime | None = time("When")


class Sentiment(Canonical, table=True):
    """How a message or ticket sounds, as one model scored it."""

    __tablename__ = "sentiment"

    message_id: str | None = text("The message that was scored")
    ticket_id: str | None = text("The ticket that was scored, or that the message belongs to", index=True)
    label: str | None = text("The verdict, e.g. `negative`")
    score: float | None = real("The model's confidence or score, as the model defines it")
    model: str | None = text("Which model scored it")
    model_version: str | None = text("Which version of the model; versions are never mixed in a series")


class VendorMetric(Canonical, table=True):
    """A number that the vendor itself reports, kept verbatim and never mixed with ours."""

    __tablename__ = "vendor_metric"
    __table_args__ = (by_raw_record("vendor_metric"),)

    ticket_id: str = text("The ticket", required=True, index=True)
    name: str = text("Dotted path of the number, e.g. `reply_time_in_minutes.calendar`", required=True)
    value: float = real("The number as reported; where the vendor reports none there is no row", required=True)
    unit: str | None = text("Its unit, e.g. `minutes`")

"""Which causes of loss belong together, by what became of the value: the order in which a manager asks."""

from __future__ import annotations

from collections.abc import Mapping

from deskferry.connectors.registry import connectors
from deskferry.report.sign_off.facts import Facts
from deskferry.report.wording import Words

GROUPS = ("gone", "unplanned", "nearest", "elsewhere", "kept_there", "stays")
"""gone: it is not at the new desk; nearest: another value stands for it; elsewhere: it is there, in another place;
kept_there: the new desk's own value was kept; stays: it stays in the store, the new desk has no place for it."""

OF_CAUSE: Mapping[str, str] = {
    # of the engine
    "dropped_in_silence": "gone", "dropped_by_destination": "gone", "address_taken": "gone",
    "characters_removed": "gone",
    "existing_record_kept": "kept_there",
    "crosses_as_its_twin": "kept_there", "existing_twin_adopted": "kept_there", "update_not_possible": "gone",
    # what several destinations say
    "author_in_text": "elsewhere", "created_at_in_text": "elsewhere", "number_in_text": "elsewhere",
    "subject_in_text": "elsewhere", "link_in_text": "elsewhere", "text_split": "elsewhere", "files_split": "elsewhere",
    "inline_image_attached": "elsewhere", "opening_private": "elsewhere",
    "status_folded": "nearest", "priority_defaulted": "nearest", "channel_folded": "nearest",
    "subject_defaulted": "nearest", "name_defaulted": "nearest", "requester_unmatched": "nearest",
    "organization_derived": "nearest", "visibility_unknown": "nearest", "unsent_private": "nearest",
    "type_unmatched": "gone", "tag_too_long": "gone", "assignee_unmatched": "gone", "team_unmatched": "gone",
    "inbox_unmatched": "gone", "organization_unmatched": "gone", "field_unmatched": "gone",
    "option_unmatched": "gone", "value_unfit": "gone", "email_invalid": "gone", "phone_dropped": "gone",
    "file_linked": "elsewhere", "file_split": "elsewhere", "file_too_large": "gone", "file_missing": "gone",
    "follower_not_written": "gone", "link_left": "gone",
    "administrator_needed": "gone", "assignee_not_in_group": "gone", "author_not_agent": "gone",
    "category_unknown": "gone", "changed_after_crossing": "gone", "custom_status_unmatched": "nearest",
    "empty_folder_not_written": "gone", "file_empty": "gone", "form_unmatched": "gone", "identity_not_written": "gone",
    "placeholder_unknown": "gone", "too_many_messages": "gone", "macro_personal": "gone",
    "macro_teams_unmatched": "gone", "macro_without_text": "gone", "macro_without_effect": "gone",
    "no_help_center": "gone", "macro_actions_not_written": "gone",
    "channel_unsure": "nearest", "team_defaulted": "nearest", "text_defaulted": "nearest", "time_clamped": "nearest",
    "time_rounded": "nearest", "time_unknown": "nearest", "rating_rescaled": "nearest", "tag_respelled": "nearest",
    "visibility_narrowed": "nearest", "suspension_lifted": "nearest", "language_is_the_desks": "nearest",
    "language_swapped": "nearest", "title_cut": "nearest", "hierarchy_flattened": "nearest",
    "folder_by_readers": "nearest", "external_id_replaced": "nearest", "number_changed": "nearest",
    "reads_as_merged": "nearest",
    "link_in_note": "elsewhere", "subject_in_note": "elsewhere", "rating_as_note": "elsewhere",
    "rating_date_in_text": "elsewhere", "time_agent_in_text": "elsewhere", "time_entry_as_note": "elsewhere",
    "language_not_written": "gone", "timezone_not_written": "gone", "left_out_of_placeholder": "gone",
}  # fmt: skip
"""What is not named here stays in the store."""


def group_of(cause: str, *, unplanned: bool) -> str:
    """Return the group of a cause; a loss that no plan declared is a group by itself."""
    return "unplanned" if unplanned else OF_CAUSE.get(cause, "stays")


def sentence(facts: Facts, words: Words, cause: str) -> str:
    """Return what a cause means and what became of the value: in the destination's words, or in those of the engine."""
    return words_of_cause(facts.destination.vendor, words, cause)


def words_of_cause(vendor: str, words: Words, cause: str) -> str:
    """Return the sentence of a cause as a destination says it; the bare code where nobody has words for it."""
    own = next((one.loss_words for one in connectors() if one.name == vendor), {})
    if cause in own:
        return own[cause][0 if words.language == "en" else 1]
    return words(f"losses.{cause}") if words.has(f"losses.{cause}") else words("losses.unknown", cause=cause)

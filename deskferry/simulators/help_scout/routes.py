"""The routing table of the Inbox API. Fixed paths come before those with a value in the same place."""

from __future__ import annotations

from deskferry.simulators.help_scout import (
    attachments,
    conversations,
    customers,
    inboxes,
    organizations,
    properties,
    ratings,
    saved_replies,
    tags,
    threads,
    users,
    workflows,
)

ROUTES = (
    *attachments.ROUTES,
    *conversations.ROUTES,
    *customers.ROUTES,
    *inboxes.ROUTES,
    *properties.ROUTES,
    *organizations.ROUTES,
    *ratings.ROUTES,
    *saved_replies.ROUTES,
    *tags.ROUTES,
    *threads.ROUTES,
    *users.ROUTES,
    *workflows.ROUTES,
)

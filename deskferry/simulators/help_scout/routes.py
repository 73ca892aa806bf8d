"""The routing table of the Inbox API. Fixed paths come before those with a value in the same place."""

from __future__ import annotations

from deskferry.simulators.help_scout import (
    attachments,
    conversation_writes,
    conversations,
    customer_entries,
    customer_writes,
    customers,
    inboxes,
    organizations,
    properties,
    ratings,
    saved_replies,
    tags,
    thread_writes,
    threads,
    users,
    webhooks,
    workflows,
)

ROUTES = (
    *attachments.ROUTES,
    *conversation_writes.ROUTES,
    *conversations.ROUTES,
    *customer_entries.ROUTES,
    *customer_writes.ROUTES,
    *customers.ROUTES,
    *inboxes.ROUTES,
    *properties.ROUTES,
    *organizations.ROUTES,
    *ratings.ROUTES,
    *saved_replies.ROUTES,
    *tags.ROUTES,
    *thread_writes.ROUTES,
    *threads.ROUTES,
    *users.ROUTES,
    *webhooks.ROUTES,
    *workflows.ROUTES,
)

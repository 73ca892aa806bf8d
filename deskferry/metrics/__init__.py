"""Metrics of support: definitions on facts, computed over a snapshot, each with its meaning."""

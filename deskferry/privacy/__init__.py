"""Whom and what the store must not hold any longer: people forgotten, connections purged, both unless held."""

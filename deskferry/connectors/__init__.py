"""Connectors: one folder a vendor, one kit that knows none of them."""

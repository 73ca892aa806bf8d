"""The definitions, a file a theme."""

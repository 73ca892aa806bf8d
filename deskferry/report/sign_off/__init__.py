"""The sign-off of a migration: what a run moved, lost, and was seen to have moved, from the store alone."""

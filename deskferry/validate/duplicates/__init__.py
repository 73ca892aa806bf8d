"""People, organizations and tickets that are in a store more than once: found, scored, explained, decided on."""

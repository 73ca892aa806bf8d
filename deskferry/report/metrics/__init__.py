"""What metrics answered, put into words: a table, one JSON document, CSV, a page."""

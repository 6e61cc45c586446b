"""The doors people type: one module per command, found by the table in `main`.

A command says what it did in plain sentences, with `--json` in one JSON document, and leaves all
deciding to the rooms below. Nothing heavy is imported before a command really needs it.
"""

"""The rig: a mail server that fails on purpose, and a harness that ends the sender in mid-sentence.

It uses the program as an operator does: by its command line, its database and the wire.
"""

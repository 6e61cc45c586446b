"""publisher: one folder of Markdown files becomes news feeds and e-mail digests."""

__version__ = "0.1.0"

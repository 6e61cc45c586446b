"""What an editor should look at before an edition goes out.

`examine` gathers it for the items of an edition: links that lead nowhere, words and pictures that
are doubtful, translations that are not there yet. Its parts serve `publisher check`, which looks
at all items. Nothing here changes anything or stops an edition; every finding is a warning.
"""

from publisher.preflight.examine import doubtful_texts, examine, missing_translations
from publisher.preflight.links import link_problems

__all__ = ["doubtful_texts", "examine", "link_problems", "missing_translations"]

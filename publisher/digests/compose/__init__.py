"""Compose: frozen items become the subject, HTML, text and headers of one body.

Nothing is read here but the arguments, so a body composed tomorrow from an edition's frozen facts is
the body that would have been composed today. `render_block` and `render_notice` make an item's part
once, whoever gets it; `compose` puts the parts of one reader's list together.
"""

from publisher.digests.compose.block import KIND_WORDS, Block, render_block
from publisher.digests.compose.frame import frame
from publisher.digests.compose.headers import editor_headers
from publisher.digests.compose.notice import Notice, notice_id, render_notice
from publisher.digests.compose.text import clean
from publisher.digests.compose.whole import LARGEST, NOTHING, Above, Choice, Composed, compose
from publisher.digests.compose.word import Opening, opening

__all__ = [
    "KIND_WORDS",
    "LARGEST",
    "NOTHING",
    "Above",
    "Block",
    "Choice",
    "Composed",
    "Notice",
    "Opening",
    "clean",
    "compose",
    "editor_headers",
    "frame",
    "notice_id",
    "opening",
    "render_block",
    "render_notice",
]

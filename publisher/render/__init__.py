"""Render: templates, the interface's words, dates and numbers, and bodies cut at their marks.

Everything people see is made here from values: pages and messages through Jinja (`Templates`),
sentences of the interface in every language (`phrases`), dates, ranges, numbers and sizes as a
reader's country writes them, and `mark` and `compile_parts`, which set one recipient's values
into a finished body. Nothing here reads content, settings files or the database.
"""

from publisher.render.colours import contrast, weaknesses
from publisher.render.country import is_known
from publisher.render.dates import format_date, format_range
from publisher.render.jinja import Templates
from publisher.render.names import file_kind, language_name
from publisher.render.numbers import format_number, format_size
from publisher.render.phrases import Phrases, missing, phrases
from publisher.render.plain import directed_lines, isolated, wrap
from publisher.render.splice import LONGEST_VALUE, MARKS, Parts, compile_parts, mark, without_marks

__all__ = [
    "LONGEST_VALUE",
    "MARKS",
    "Parts",
    "Phrases",
    "Templates",
    "compile_parts",
    "contrast",
    "directed_lines",
    "file_kind",
    "format_date",
    "format_number",
    "format_range",
    "format_size",
    "is_known",
    "isolated",
    "language_name",
    "mark",
    "missing",
    "phrases",
    "weaknesses",
    "without_marks",
    "wrap",
]

"""Cells that a spreadsheet would run as a formula: marked on the way out, bare on the way in."""

# What begins a formula, also in its wide form, which spreadsheets of East Asia take alike.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def escape(cell: str) -> str:
    """Return a cell that no spreadsheet takes for a formula; `unescape` gives it back."""
    return f"'{cell}" if _is_risky(cell) else cell


def unescape(cell: str) -> str:
    """Return what a cell said before it was escaped."""
    return cell[1:] if cell[:1] == "'" and _is_risky(cell) else cell


def _is_risky(cell: str) -> bool:
    # One that is escaped already counts too, so that each escaping can be undone.
    return cell.lstrip("'")[:1] in _FORMULA

"""What people call a language and a kind of file."""

_FILE_KINDS = {
    "application/pdf": "PDF",
    "application/zip": "ZIP",
    "application/epub+zip": "EPUB",
    "application/msword": "DOC",
    "application/vnd.ms-excel": "XLS",
    "application/vnd.ms-powerpoint": "PPT",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "DOCX",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "XLSX",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": "PPTX",
    "text/csv": "CSV",
    "audio/mpeg": "MP3",
    "video/mp4": "MP4",
}


def file_kind(media_type: str) -> str:
    """Return what people call a kind of file, or "" when there is no short name for it."""
    return _FILE_KINDS.get(media_type, "")


def language_name(tag: str) -> str:
    """Return a language's own name for itself; the tag when nobody told."""
    from babel import Locale, UnknownLocaleError

    try:
        locale = Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return tag
    # Chinese has names for its two ways of writing: 繁體中文, not 中文 (繁體).
    name = locale.languages.get(f"{locale.language}_{locale.script}") if locale.script else None
    if not name:
        name = locale.get_display_name() or tag
    elif f"-{locale.territory}" in tag:
        name = f"{name}（{locale.territory_name}）" if locale.language == "zh" else name
    return name[:1].title() + name[1:]  # not upper(): Georgian has capitals for headlines only

import pytest

from publisher.settings import packaged


def test_templates_and_sample_site_are_found():
    assert (packaged("templates") / "locale").is_dir()
    assert (packaged("sample") / "publisher.toml").is_file()


def test_what_is_not_shipped_is_named():
    with pytest.raises(FileNotFoundError, match="nothing-such"):
        packaged("nothing-such")

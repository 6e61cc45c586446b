from publisher.content import schema
from publisher.content.fields import FIELDS, NAMES


def test_schema_holds_every_accepted_name():
    properties = schema(None)["properties"]
    assert {field.name for field in FIELDS} <= set(properties)
    assert {name for name in properties if name.lower() not in NAMES} == set()
    assert all(properties[name]["description"] for name in properties)


def test_schema_of_a_site_knows_its_languages_and_categories(site):
    properties = schema(site.settings)["properties"]
    assert properties["lang"]["enum"] == ["en", "ar", "fr"]
    assert properties["categories"]["examples"] == [["prevention"]]


def test_every_name_of_the_table_means_one_field():
    assert NAMES["publishdate"] == NAMES["publishDate"] == "date"
    assert NAMES["tags"] == "categories"
    names = [name for field in FIELDS for name in (field.name, *field.also)]
    assert len(names) == len(set(names))

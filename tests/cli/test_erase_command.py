def test_erase_takes_a_person_out_and_keeps_them_out(publisher, site):
    publisher("subscribers", "add", "ann@example.net", "--consent", "asked")
    ran = publisher("subscribers", "erase", "Ann@example.net", "--yes")
    assert (ran.code, "is erased" in ran.out) == (0, True)
    files = [path for path in site.root.rglob("*") if path.is_file()]
    assert not [path for path in files if b"ann@example.net" in path.read_bytes()]
    assert publisher("subscribers", "add", "ann@example.net", "--consent", "asked").code == 1


def test_erase_says_when_nobody_has_the_address(publisher):
    ran = publisher("subscribers", "erase", "ann@example.net", "--yes")
    assert (ran.code, ran.out) == (1, "nobody here has this address\n")
    assert publisher("subscribers", "erase", "no address", "--yes").code == 1


def test_erase_asks_first_and_does_nothing_without_an_answer(publisher):
    publisher("subscribers", "add", "ann@example.net", "--consent", "asked")
    assert publisher("subscribers", "erase", "ann@example.net").code != 0
    assert "ann@example.net" in publisher("subscribers", "list").out

def test_with_sqlite_there_is_nothing_for_a_second_machine_to_share(publisher):
    ran = publisher("worker")
    assert ran.code == 3
    assert "a worker needs PostgreSQL" in ran.err
    assert "publisher run" in ran.err


def test_a_worker_whose_database_is_away_says_so(publisher, monkeypatch):
    monkeypatch.setenv("PUBLISHER_DATABASE_URL", "postgresql://u:s3cret@127.0.0.1:1/none")
    ran = publisher("worker")
    assert ran.code == 4
    assert "127.0.0.1:1 cannot be used" in ran.err
    assert "s3cret" not in ran.err

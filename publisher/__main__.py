"""`python -m publisher` is the `publisher` command."""

from publisher.cli.main import main

main()

"""A request that is not answered as it wished, with the status it gets instead."""

from publisher.errors import PublisherError


class Refused(PublisherError):
    """Raised by a page or at the edge; people see the words of the status, logs see the message."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status

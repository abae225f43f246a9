"""What requests say no to."""

from api.errors import NotFound


class RequestNotFound(NotFound):
    """There is no such request, or it is somebody else's: one answer for both."""

    code = "request_not_found"

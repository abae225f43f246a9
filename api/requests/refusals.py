"""What requests say no to."""

from api.errors import Conflict, NotFound


class RequestNotFound(NotFound):
    """There is no such request, or it is somebody else's: one answer for both."""

    code = "request_not_found"


class NotDelivered(Conflict):
    """How satisfied one is can be said of what was delivered; this is on its way, or was ended."""

    code = "not_delivered"

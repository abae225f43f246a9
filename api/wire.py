"""How bytes become requests: uvicorn's quick parser, with an end to what comes before a body.

The parser is in C and keeps whatever head it is sent; the slow one, which it replaces, gave up
after 64 KiB. So does this one: who has no key yet costs no more memory than that.
"""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEAD_BYTES = 65_536
"""A request line and its headers, or what follows a body, may have so many, and one read more."""


class Wire(HttpToolsProtocol):
    """One connection of whoever knocks at the core."""

    _head = 0

    def data_received(self, data: bytes) -> None:
        """Read on; who sends head after head of nothing is answered 400 and left."""
        self._head += len(data)
        super().data_received(data)
        if self._head > HEAD_BYTES and not self.transport.is_closing():
            self.send_400_response("The head of a request has no end.")

    def on_headers_complete(self) -> None:
        """Begin to count anew: a body is bounded by its door."""
        self._head = 0
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        """As above."""
        self._head = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """As above."""
        self._head = 0
        super().on_message_complete()

"""What a file may be for, which kinds are taken, and how long one is kept; pure."""

from datetime import timedelta
from enum import StrEnum

UNUSED_LASTS = timedelta(days=1)
KEPT_AFTER = timedelta(days=90)
"""A file is kept so long after the end of the request it was shown for. No source: ours until the
organisation names its own limit."""

UNUSED_AT_MOST = 5
"""So many files of one person may wait for their use; with one more the oldest goes."""

SHORTEST_SIDE = 500
"""Pixels of a picture's shorter side: below, ordinary print on a page cannot be read."""
MOST_PIXELS = 64_000_000
MOST_PIXELS_A_BYTE = 1000
"""A page that can be read has fewer; what is packed tighter is empty, or a bomb."""
MOST_PAGES = 50
MOST_UNPACKED = 8 * 1024 * 1024
"""Bytes of a PDF's object streams, which hold no text and no pictures: fifty pages have far fewer."""


class Purpose(StrEnum):
    """What a file is shown for."""

    LOSS_PAPER = "loss_paper"
    """The paper of the police or a court about a theft or a disaster."""


class MediaType(StrEnum):
    """What is taken, told by its content."""

    PDF = "application/pdf"
    JPEG = "image/jpeg"
    PNG = "image/png"

    @property
    def ending(self) -> str:
        """The end of a name that we give such a file."""
        return {self.PDF: ".pdf", self.JPEG: ".jpg", self.PNG: ".png"}[self]

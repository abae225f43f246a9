"""What passes through the door of files, beside their bytes."""

import uuid
from datetime import datetime

from pydantic import BaseModel

from api.files.rules import MediaType


class FileOut(BaseModel):
    """A file that was kept; `size` in bytes. Unless it is used, it is deleted at `expires_at`."""

    id: uuid.UUID
    media_type: MediaType
    size: int
    expires_at: datetime

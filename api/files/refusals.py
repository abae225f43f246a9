"""What is said no to of a file. The door itself refuses one of too many bytes (BodyTooLarge)."""

from api.errors import Invalid, NotFound


class FileEmpty(Invalid):
    """There is nothing in it."""

    code = "file_empty"


class FileNotTaken(Invalid):
    """It is something else than PDF, JPEG or PNG."""

    code = "file_not_taken"


class FileDamaged(Invalid):
    """Its end is missing, or its parts do not fit together."""

    code = "file_damaged"


class FileLocked(Invalid):
    """It opens with a password alone."""

    code = "file_locked"


class PictureTooSmall(Invalid):
    """Nobody could read it; `least` is the shorter side in pixels that is needed."""

    code = "picture_too_small"


class PictureTooLarge(Invalid):
    """It has more pixels than are taken, or claims more than its bytes can hold."""

    code = "picture_too_large"


class TooManyPages(Invalid):
    """It has more pages than are read; `most` says how many are."""

    code = "too_many_pages"


class FileNotFound(NotFound):
    """There is no such file of this person for this purpose, or its time is over."""

    code = "file_not_found"

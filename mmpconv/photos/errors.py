"""What a user is told about a photo or a mask."""


class PhotoError(ValueError):
    """A photo or a mask that the user has to act on; the message is one sentence that says how."""


class UnreadableImageError(PhotoError):
    """A file that should be a picture cannot be decoded.

    Args:
        filename: The file.
        reason: What is wrong with it, as the end of a sentence.
    """

    def __init__(self, filename: str, reason: str):
        super().__init__(f'cannot read the image {filename}: {reason}')
        self.filename, self.reason = filename, reason

    def __reduce__(self):  # DataLoader workers send their errors to the main process
        return type(self), (self.filename, self.reason)


class PhotoWarning(UserWarning):
    """What a user should know about a photo or a mask that is used all the same."""

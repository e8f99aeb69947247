"""The one error of this package."""


class NotLightError(Exception):
    """It cannot be asked this way; Microsoft's client can. The message says why and holds no secret."""

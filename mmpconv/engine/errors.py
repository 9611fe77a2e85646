"""The error that a user, not a programmer, has to act on."""


class LaunchError(Exception):
    """What was asked for cannot be started: says what was given and what to do.

    The command line tools print it as one sentence, without a traceback.
    """

"""The one exception that is written for the reader."""


class ReaderError(ValueError):
    """Something the reader can mend: the message is one line that says what is wrong and what to do.

    The command line prints the message and exits with status 2; a notebook shows it as the last line.
    """

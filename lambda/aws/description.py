"""How an answer or a log describes a value or a bug: never by its content, which may be secret."""


def described(value: object) -> str:
    """What kind of JSON value it is."""
    if isinstance(value, str):
        return f"a string of {len(value)} characters"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int | float):
        return "a number"
    return "an array" if isinstance(value, list) else "an object"


def is_unicode(text: str) -> bool:
    """Whether it can be written down: half a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def place_of(bug: Exception) -> str:
    """The class of an exception, and where it was raised."""
    trace = bug.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return type(bug).__name__
    code = trace.tb_frame.f_code
    return f"{type(bug).__name__} at {code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {code.co_name}"

class StackError(Exception):
    """Something a person must put right; the message is one sentence that says what to do."""

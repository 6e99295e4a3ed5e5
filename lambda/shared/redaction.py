"""Texts without secrets, for everybody who sees a deployment or a command's report."""

import re

# API Gateway repeats the Authorization header that it does not understand, and a request whose signature is wrong, with
# the session's token in it. A function's log may hold anything, also all of its environment.
LEFT_OUT = "[left out]"
# What was left out before stays as it is.
_VALUE = r"(?!\[left out\])[^\s\"'\\&]+"
_SECRETS = (
    re.compile(r"(?i)((?:security|session|participant|connection)[-_]?token[\"'\\]*\s*[=:][\s\"'\\]*)" + _VALUE),
    re.compile(r"(?i)(secret[-_]?access[-_]?key[\"'\\]*\s*[=:][\s\"'\\]*)" + _VALUE),
    re.compile(r"(?i)(\bbearer\s+)(?!\[left out\])[^\s\"'\\,]+"),
    re.compile(r"(?i)(signature=)[0-9a-z%+/=]+"),
    re.compile(r"()eyJ[\w-]+\.[\w-]+\.[\w-]*"),
)


def without_secrets(text: str) -> str:
    """The text without what looks like a secret. A second time changes nothing."""
    for secret in _SECRETS:
        text = secret.sub(rf"\1{LEFT_OUT}", text)
    return text

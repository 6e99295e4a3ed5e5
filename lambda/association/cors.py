"""Which browsers' pages may read the answers. No answer ever allows credentials of the browser's own."""

from shared import variables, wire


def headers(event: dict[str, object], allowed_origins: tuple[str, ...]) -> dict[str, str]:
    """The CORS headers for the request's Origin; none at all if no origin was ever allowed."""
    if not allowed_origins:
        return {}
    exposed = {"Access-Control-Expose-Headers": ", ".join(wire.EXPOSED_HEADERS)}
    if variables.ANY_ORIGIN in allowed_origins:
        return {"Access-Control-Allow-Origin": variables.ANY_ORIGIN, **exposed}
    origin = _origin(event)
    if origin not in allowed_origins:
        return {"Vary": "Origin"}
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin", **exposed}


def _origin(event: dict[str, object]) -> str:
    sent = event.get("headers")
    for name, value in sent.items() if isinstance(sent, dict) else ():
        if isinstance(name, str) and name.lower() == "origin" and isinstance(value, str):
            return value
    return ""

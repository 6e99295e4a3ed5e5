"""The least that a function can be."""


def handle(_event: object, _context: object) -> dict[str, object]:
    """Answer."""
    return {"statusCode": 200, "body": "{}"}

"""What people would write by themselves: PyJWT with cryptography."""

import os
from typing import Any

import jwt

keys = jwt.PyJWKClient(f"{os.environ['LOCAL_ISSUER_URL']}/_issuer/keys")


def handle(event: dict[str, Any], _context: object) -> dict[str, object]:
    """Let the bearer of a right token in."""
    token = event["authorizationToken"].removeprefix("Bearer ")
    claims = jwt.decode(
        token,
        keys.get_signing_key_from_jwt(token).key,
        algorithms=["RS256"],
        audience=os.environ["AUDIENCES"].split(),
        issuer=os.environ["ISSUER"],
    )
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
    return {
        "principalId": claims["sub"],
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"customer": claims["sub"]},
    }

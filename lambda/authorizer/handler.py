"""The function's entry: a token that API Gateway asks about, or a probe of a deployment's proof.

If the function raises the exception "Unauthorized", the gateway answers 401. Any other exception is a failure to it.
"""

import gc

# As in the endpoint's function.
gc.disable()

import json
import os
import time

from authorizer import decision, issuer, settings, token
from authorizer.failure import IssuerFailed, Refused
from authorizer.keys import Keys
from aws import trust
from aws.description import place_of
from shared.key import key_of
from shared.variables import CUSTOMER_KEY

SETTINGS = settings.read(os.environ)
KEYS = Keys(lambda: issuer.read_keys(SETTINGS))
# Read here, and not with the first token: while a function starts, Lambda gives it a whole processor.
trust.commons()
gc.freeze()
gc.enable()


def handle(event: object, context: object) -> dict[str, object]:
    """Answer an event of a TOKEN authorizer, or a probe. The gateway builds these events: none is ever a probe."""
    if not isinstance(event, dict) or "methodArn" not in event:
        # Imported here, because only deployments send probes.
        from aws import probes
        from shared.probes import ISSUER

        return probes.answer(event, SETTINGS.environment, {ISSUER: _probe})
    started = time.monotonic()
    line: dict[str, object] = {"requestId": getattr(context, "aws_request_id", "unknown")}
    try:
        return _allowed(event, line)
    except Refused as refused:
        line.update(level="INFO", verdict="refused", rule=refused.reason)
        answer = "Unauthorized"
    except IssuerFailed as failure:
        line.update(level="ERROR", verdict="failed", rule=failure.reason, detail=str(failure))
        answer = "The issuer failed"
    except Exception as bug:
        # The text of an exception may hold what the caller sent. Its class and place do not.
        line.update(level="ERROR", verdict="failed", rule="bug", detail=place_of(bug))
        answer = "The authorizer failed"
    finally:
        line["durationMs"] = round((time.monotonic() - started) * 1000)
        print(json.dumps(line), flush=True)
    raise Exception(answer)


def _allowed(event: dict[str, object], line: dict[str, object]) -> dict[str, object]:
    """The policy, for this request only, because the gateway keeps no answer. Raises Refused, or IssuerFailed."""
    text = event.get("authorizationToken")
    if not isinstance(text, str):
        raise Refused("token_malformed")
    customer = decision.customer_of(token.of(text), SETTINGS, KEYS.find, time.time())
    # The log of the endpoint's function has the same name for a customer. The access log may show it too.
    name = f"sha256:{key_of(SETTINGS.instance_id, customer)[:16]}"
    line.update(level="INFO", caller=name, verdict="granted")
    statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
    return {
        "principalId": name,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {CUSTOMER_KEY: customer},
    }


def _probe() -> dict[str, object]:
    """How many of the issuer's keys can be used, or why the issuer cannot be used."""
    try:
        return {"keys": len({*issuer.read_keys(SETTINGS).values()})}
    except IssuerFailed as failure:
        return {"error": str(failure)}

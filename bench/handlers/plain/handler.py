"""What people would write by themselves: boto3, no check of anything."""

import json
from typing import Any

import boto3

connect = boto3.client("connect")


def handle(event: dict[str, Any], _context: object) -> dict[str, object]:
    """Pass the request on."""
    body = json.loads(event["body"])
    answer = connect.create_persistent_contact_association(
        InstanceId=event["pathParameters"]["InstanceId"],
        InitialContactId=event["pathParameters"]["InitialContactId"],
        RehydrationType=body["RehydrationType"],
        SourceContactId=body["SourceContactId"],
        ClientToken=body["ClientToken"],
    )
    return {"statusCode": 200, "body": json.dumps({"ContinuedFromContactId": answer["ContinuedFromContactId"]})}

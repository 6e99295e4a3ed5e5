"""What people would write by themselves: boto3, no check of anything."""

import json
from typing import Any

import boto3

connect = boto3.client("connect")


def handle(event: dict[str, Any], _context: object) -> dict[str, object]:
    """Start the chat."""
    body = json.loads(event["body"])
    answer = connect.start_chat_contact(
        InstanceId=body["InstanceId"],
        ContactFlowId=body["ContactFlowId"],
        ParticipantDetails=body["ParticipantDetails"],
        CustomerId=body["CustomerId"],
        ClientToken=body["ClientToken"],
    )
    keys = ("ContactId", "ParticipantId", "ParticipantToken")
    return {"statusCode": 200, "body": json.dumps({key: answer[key] for key in keys})}

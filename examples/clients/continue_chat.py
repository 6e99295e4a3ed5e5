"""Continue a past chat with boto3, and wait if the endpoint says so."""

import os
import sys
import time

import boto3
from botocore.exceptions import ClientError

MOST_TRIES = 3

# <stage>/contact/persistent-contact-association/<instance id>/: the client makes the path, so it gets the stage.
stage_url, _, path = os.environ["ENDPOINT_URL"].partition("/contact/")
client = boto3.client("connect", endpoint_url=stage_url)
# The request goes to API Gateway, so it is signed for API Gateway and not for Amazon Connect.
client.meta.events.register(
    "before-sign.connect",
    lambda request, **_: request.context.setdefault("signing", {}).update(signing_name="execute-api"),
)


def continue_chat(instance_id: str, contact_id: str, source_contact_id: str) -> str:
    tries = 0
    while True:
        tries += 1
        try:
            answer = client.create_persistent_contact_association(
                InstanceId=instance_id,
                InitialContactId=contact_id,
                RehydrationType="ENTIRE_PAST_SESSION",
                SourceContactId=source_contact_id,
            )
            return answer["ContinuedFromContactId"]
        except ClientError as error:
            # boto3 repeats 429 and 5xx by itself, but never a 400.
            seconds = error.response["ResponseMetadata"]["HTTPHeaders"].get("retry-after")
            if seconds is None or tries == MOST_TRIES:
                raise
            print(f"The endpoint asks to wait {seconds} s.")
            time.sleep(int(seconds))


instance_id = path.split("/")[1]
try:
    print("Continued from", continue_chat(instance_id, os.environ["CONTACT_ID"], os.environ["SOURCE_CONTACT_ID"]))
except ClientError as error:
    # Amazon Connect's errors have classes of their own: client.exceptions.ResourceNotFoundException, ...
    sys.exit(f"{error.response['Error']['Code']}: {error.response['Error']['Message']}")

"""`make demo`: a customer who comes back sees the conversation, on one machine, with no AWS account."""

import sys
import time
from typing import Any

from botocore.exceptions import ClientError

from local.cdk import bootstrap, cdk
from local.chats import Chats
from local.clients import Answer, endpoint_client, send
from local.cloud import Cloud
from local.deploy import arguments_of
from local.steps import Progress, StepFailed, expect, show, step, walk

_CUSTOMER = "customer-4711"
_ANOTHER_CUSTOMER = "customer-0815"
_MOST_TRIES = 5


class Demo:
    """The walk, step by step. Each step prints a line, and what it got as JSON."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._chats = Chats(cloud)

    def run(self) -> None:
        """All steps. Raises StepFailed, CdkFailed or ClientError."""
        with step("Bootstrap the account with the CDK command line"):
            bootstrap(self._cloud, Progress())
        context = ["-c", f"instance={self._cloud.instance_id}", "-c", "history=true"]
        with step("Deploy the app; the deployment proves that the endpoint works"):
            cdk(*arguments_of("deploy", context), environment=self._cloud.environment(), say=Progress())
            url = self._endpoint_url()
            show({"EndpointUrl": url})
        self._walk(url)
        with step("Destroy the stack"):
            cdk(*arguments_of("destroy", context), environment=self._cloud.environment(), say=Progress())
            expect("stacks named PersistentChat", self._stacks(), [])

    def _walk(self, url: str) -> None:
        self._walk_with_history(url)
        caller = endpoint_client(self._cloud, url)
        with step("A customer chats, is transferred, the agent ends the chat, a survey follows, all ends"):
            first, second, third = self._chats.past(_CUSTOMER)
            show({"session": [first, second, third]})
        for rehydration_type, source, expected, seen in (
            ("ENTIRE_PAST_SESSION", first, third, [third, second, first]),
            ("FROM_SEGMENT", second, second, [second, first]),
        ):
            with step(f"The customer comes back; the endpoint continues the chat, {rehydration_type}"):
                contact = self._chats.start(_CUSTOMER)
                answer = self._continue(caller, contact, rehydration_type, source)
                show(answer)
                expect("ContinuedFromContactId", answer["ContinuedFromContactId"], expected)
            with step("The new chat's related contact, and the past contacts that it shows"):
                related = self._chats.describe(contact).get("RelatedContactId")
                history = self._cloud.control("GET", f"contacts/{contact}/history")["ContactIds"]
                show({"RelatedContactId": related, "shows": history})
                expect("RelatedContactId", related, expected)
                expect("contacts shown", history, seen)
        with step("Another customer tries to continue that chat; for them it does not exist"):
            theirs = self._chats.start(_ANOTHER_CUSTOMER)
            refusal = self._refusal(caller, theirs, first)
            show(refusal)
            expect("status", refusal["status"], 404)
            expect("contact that was continued", self._chats.describe(theirs).get("RelatedContactId"), None)
        with step("A caller without permission is refused"):
            contact = self._chats.start(_CUSTOMER)
            stranger = endpoint_client(self._cloud, url, *self._stranger())
            refusal = self._refusal(stranger, contact, first)
            show(refusal)
            expect("status", refusal["status"], 403)
            expect("contact that was continued", self._chats.describe(contact).get("RelatedContactId"), None)

    def _walk_with_history(self, url: str) -> None:
        address = self._cloud.execute_api_url(url)
        with step("A customer who was never here starts a chat; there is nothing to continue"):
            contact = self._chats.start(_CUSTOMER)
            answer = self._when_ready(address + contact)
            show(answer.document)
            expect("answer", (answer.status, answer.document), (200, {}))
        with step("They chat, are transferred, all ends; Amazon Connect's events tell the history"):
            last = self._chats.transferred(contact)
            self._chats.end(last)
            show({"session": [contact, last]})
        with step("They come back; the front end sends nothing but the new contact's id"):
            current = self._chats.start(_CUSTOMER)
            answer = self._when_ready(address + current)
            show(answer.document)
            expect("ContinuedFromContactId", answer.document.get("ContinuedFromContactId"), last)
            self._chats.end(current)

    def _when_ready(self, address: str) -> Answer:
        """Ask for the latest chat, and again after as long as the endpoint says."""
        for _ in range(_MOST_TRIES):
            answer = send(self._cloud, address, b"{}")
            if "Retry-After" not in answer.headers:
                return answer
            show({"status": answer.status, "Retry-After": answer.headers["Retry-After"]})
            time.sleep(int(answer.headers["Retry-After"]))
        raise StepFailed(f"expected an answer within {_MOST_TRIES} tries, got {answer.document}")

    def _continue(self, caller: Any, contact: str, rehydration_type: str, source: str) -> dict[str, Any]:
        answer: dict[str, Any] = caller.create_persistent_contact_association(
            InstanceId=self._cloud.instance_id,
            InitialContactId=contact,
            RehydrationType=rehydration_type,
            SourceContactId=source,
        )
        answer.pop("ResponseMetadata")
        return answer

    def _refusal(self, caller: Any, contact: str, source: str) -> dict[str, Any]:
        try:
            answer = self._continue(caller, contact, "ENTIRE_PAST_SESSION", source)
        except ClientError as refused:
            return {
                "status": refused.response["ResponseMetadata"]["HTTPStatusCode"],
                "type": refused.response["Error"]["Code"],
                "message": refused.response["Error"]["Message"],
            }
        raise StepFailed(f"expected a refusal, got {answer}")

    def _stranger(self) -> tuple[str, str]:
        iam = self._cloud.client("iam")
        iam.create_user(UserName="stranger")
        key = iam.create_access_key(UserName="stranger")["AccessKey"]
        return key["AccessKeyId"], key["SecretAccessKey"]

    def _stacks(self) -> list[str]:
        pages = self._cloud.client("cloudformation").get_paginator("describe_stacks").paginate()
        names = [stack["StackName"] for page in pages for stack in page["Stacks"]]
        return [name for name in names if name == "PersistentChat"]

    def _endpoint_url(self) -> str:
        (stack,) = self._cloud.client("cloudformation").describe_stacks(StackName="PersistentChat")["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
        return str(outputs["EndpointUrl"])


def main() -> int:
    """0 only if every step did what it should; nothing is left running in any case."""
    return walk(lambda cloud: Demo(cloud).run())


if __name__ == "__main__":
    sys.exit(main())

"""`make demo`: customers sign in, and one call continues their last chat. On one machine, without an AWS account."""

import sys
import time
from typing import Any

from .cdk import bootstrap
from .chats import Chats
from .clients import Answer, send
from .cloud import Cloud
from .deploy import context_of_users, deploy_app, destroy_app
from .steps import Progress, StepFailed, expect, show, step, walk
from .tokens import Tokens

_CUSTOMER = "customer-4711"
_ANOTHER_CUSTOMER = "customer-0815"
_MOST_TRIES = 5
# The transcript delay is 60 s. So the customer waits for about 6 s.
_ENDED_SECONDS_AGO = 54


class Demo:
    """The steps of the demo. Each step prints a line, and its result as JSON."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._chats = Chats(cloud)
        self._tokens = Tokens(cloud)
        self._start_address = ""
        self._address = ""

    def run(self) -> None:
        """All steps. Raises StepFailed, CdkFailed, CloudError or ClientError."""
        with step("Bootstrap the account with the CDK command line"):
            bootstrap(self._cloud, Progress())
        context = context_of_users(self._cloud)
        with step("Deploy the app; the deployment proves that the endpoint works"):
            deploy_app(self._cloud, context, Progress())
            urls = self._urls()
            show(urls)
        self._start_address, self._address = map(self._cloud.execute_api_url, (urls["StartUrl"], urls["EndpointUrl"]))
        self._walk()
        with step("Destroy the stack"):
            destroy_app(self._cloud, context, Progress())
            expect("stacks named PersistentChat", self._stacks(), [])

    def _walk(self) -> None:
        with step("Two customers sign in at an OpenID Connect issuer, by the code flow with PKCE"):
            first, second = (self._tokens.sign_in(name) for name in (_CUSTOMER, _ANOTHER_CUSTOMER))
            show({"signed in": [_CUSTOMER, _ANOTHER_CUSTOMER]})
        self._come_back(first)
        past = self._name_a_past(first)
        with step("The second customer starts a chat, and gets nothing of the first customer's chats"):
            theirs = self._started(second)
        with step("The second customer names the first one's chat, at the start and later, and then that customer"):
            before = self._starts()
            source = {"RehydrationType": "ENTIRE_PAST_SESSION", "SourceContactId": past}
            self._refused(404, self._start(second, PersistentChat=source))
            self._refused(404, self._continue(second, theirs["ContactId"], source))
            self._refused(404, self._start(second, CustomerId=_CUSTOMER))
            expect("chats started", self._starts() - before, 0)
            self._expect_continued(theirs, None)
        with step("A token that the issuer made for another app is refused"):
            self._refused(403, self._start(self._tokens.sign(_CUSTOMER, "another-app")))
            expect("chats started", self._starts() - before, 0)

    def _come_back(self, token: str) -> None:
        with step("The first customer starts a chat by one call; this customer has no past chat to continue"):
            contact = self._started(token)["ContactId"]
        with step("The customer chats, is transferred, and the chat ends; the history gets Amazon Connect's events"):
            last = self._chats.transferred(contact)
            self._end(last)
            show({"session": [contact, last]})
        with step("The customer comes back; one call, which names no past chat, starts and continues a chat"):
            started = self._started(token, last)
        self._show_past(started["ContactId"], [last, contact])
        with step("The chat ends. The customer comes back at once: one starts, and the answer says how long to wait"):
            last = started["ContactId"]
            with self._chats.held_clock():
                self._end(last, wait=_ENDED_SECONDS_AGO)
                answer = self._start(token)
            shown = _without_token(answer)
            show(shown)
            expect("NotContinued", shown.get("NotContinued", {}).get("Reason"), "transcript_not_ready")
            seconds = shown["NotContinued"]["RetryAfterSeconds"]
        with step(f"After {seconds} s the front end sends the new contact's id, and that chat is continued"):
            time.sleep(seconds)
            answer = self._when_ready(token, shown["ContactId"])
            show(answer.document)
            expect("ContinuedFromContactId", answer.document.get("ContinuedFromContactId"), last)
            self._end(shown["ContactId"])

    def _name_a_past(self, token: str) -> str:
        """Two chats name a session that ended, and continue it. Returns the first contact of that session."""
        with step("The customer chats and is transferred, the agent ends the chat, a survey follows, and it ends too"):
            first, second, third = self._chats.past(_CUSTOMER)
            show({"session": [first, second, third]})
        for rehydration_type, source, seen in (
            ("ENTIRE_PAST_SESSION", first, [third, second, first]),
            ("FROM_SEGMENT", second, [second, first]),
        ):
            with step(f"The customer comes back and names that chat, {rehydration_type}"):
                named = {"RehydrationType": rehydration_type, "SourceContactId": source}
                started = self._started(token, seen[0], PersistentChat=named)
            self._show_past(started["ContactId"], seen)
        return first

    def _started(self, token: str, continued: str | None = None, **fields: Any) -> dict[str, Any]:
        """Amazon Connect's answer to a start. The new chat continues this contact, or no contact."""
        answer = self._start(token, **fields)
        started = _without_token(answer)
        show(started)
        expect("status", answer.status, 200)
        self._expect_continued(started, continued)
        return started

    def _expect_continued(self, started: dict[str, Any], continued: str | None) -> None:
        """Both the answer and Amazon Connect have to say this."""
        expect("ContinuedFromContactId", started.get("ContinuedFromContactId"), continued)
        expect("NotContinued", started.get("NotContinued"), None)
        expect("RelatedContactId", self._chats.describe(started["ContactId"]).get("RelatedContactId"), continued)

    def _show_past(self, contact: str, seen: list[str]) -> None:
        with step("The past contacts that the new chat shows"):
            history = self._cloud.control("GET", f"contacts/{contact}/history")["ContactIds"]
            show({"shows": history})
            expect("contacts shown", history, seen)

    def _start(self, token: str, **fields: Any) -> Answer:
        body = {"ParticipantDetails": {"DisplayName": "Customer"}, **fields}
        return send(self._cloud, self._start_address, body, method="PUT", token=f"Bearer {token}")

    def _continue(self, token: str, contact: str, source: dict[str, str]) -> Answer:
        return send(self._cloud, self._address + contact, source, token=f"Bearer {token}")

    def _when_ready(self, token: str, contact: str) -> Answer:
        """Ask for the latest chat. If the endpoint names a time, wait, and ask again."""
        for _ in range(_MOST_TRIES):
            answer = self._continue(token, contact, {})
            if "Retry-After" not in answer.headers:
                return answer
            show({"status": answer.status, "Retry-After": answer.headers["Retry-After"]})
            time.sleep(int(answer.headers["Retry-After"]))
        raise StepFailed(f"expected an answer within {_MOST_TRIES} tries, got {answer.document}")

    def _refused(self, status: int, answer: Answer) -> None:
        expect("status", answer.status, status)
        show({"status": status, "type": answer.document["__type"], "message": answer.document["message"]})

    def _end(self, contact: str, *, wait: float = 120) -> None:
        """End the chat, and wait until the history has its events."""
        self._chats.end(contact, wait=wait)
        self._chats.told()

    def _starts(self) -> int:
        """How often StartChatContact was called."""
        return sum(self._cloud.control("GET", "calls")["StartChatContact"].values())

    def _stacks(self) -> list[str]:
        pages = self._cloud.client("cloudformation").get_paginator("describe_stacks").paginate()
        names = [stack["StackName"] for page in pages for stack in page["Stacks"]]
        return [name for name in names if name == "PersistentChat"]

    def _urls(self) -> dict[str, str]:
        (stack,) = self._cloud.client("cloudformation").describe_stacks(StackName="PersistentChat")["Stacks"]
        outputs = {output["OutputKey"]: str(output["OutputValue"]) for output in stack["Outputs"]}
        return {name: outputs[name] for name in ("StartUrl", "EndpointUrl")}


def _without_token(answer: Answer) -> dict[str, Any]:
    """An answer without its ParticipantToken: anybody with this token could speak for the customer."""
    return {name: value for name, value in answer.document.items() if name != "ParticipantToken"}


def main() -> int:
    """0 only if every step did what it should. Nothing keeps running in any case."""
    return walk(lambda cloud: Demo(cloud).run())


if __name__ == "__main__":
    sys.exit(main())

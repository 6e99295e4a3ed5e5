"""The steps of `persistent-chat verify`: each shows one promise, or says in a sentence why it did not hold."""

import time
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from connect_persistent_chat.commands import assumptions
from connect_persistent_chat.commands.assumptions import Seen
from connect_persistent_chat.commands.called_endpoint import Endpoint
from connect_persistent_chat.commands.command_failed import CommandFailed, one_line
from connect_persistent_chat.commands.made_chats import LOOK_SECONDS, NAME, Chat, MadeChats, looks
from connect_persistent_chat.commands.retry import UNREADABLE, not_of_aws
from connect_persistent_chat.shared import wire

PROMISES = {
    "caller": "the endpoint answers its caller",
    "anonymous": "a request without credentials is refused",
    "start": "a chat starts, and carries its customer",
    "say": "the customer takes part in the chat",
    "end": "the chat ends",
    "latest": "a request that names no past chat continues the latest one",
    "start_latest": "a chat that the endpoint starts continues the latest one",
    "start_repeat": "the same request, sent twice, starts one chat",
    "start_entire": f"a chat that the endpoint starts continues the past one by {wire.ENTIRE_PAST_SESSION}",
    "start_segment": f"a chat that the endpoint starts continues the past one by {wire.FROM_SEGMENT}",
    "start_others": "another customer cannot start a chat that continues the past one",
    "entire": f"a new chat continues the past one by {wire.ENTIRE_PAST_SESSION}",
    "segment": f"a new chat continues the past one by {wire.FROM_SEGMENT}",
    "repeat": "the same request, sent twice, gets the same answer",
    "others": "another customer gets nothing of the past chat",
    "stop": "this command has ended all of its chats",
}
HELD, NOT_HELD, NOT_TRIED = "held", "did not hold", "not tried"
_TYPES = {"entire": wire.ENTIRE_PAST_SESSION, "segment": wire.FROM_SEGMENT}
# Documented are 30 to 60 seconds.
_TRANSCRIPT_SECONDS = 180
_ADVICE = {
    400: "The answer names the rule that was broken.",
    401: "Check the credentials or the token.",
    403: "Check the address, and the credentials or the token of the caller.",
    404: "Check --flow. Check --attribute too: the chats must carry the customer where the endpoint looks for it.",
    410: "The chat has ended. Use a flow that keeps a chat waiting.",
    429: "Other calls use up the throttle or the quota. Run the command again later.",
    500: "If the endpoint answered this, the log of its function says why.",
    503: "If the endpoint answered this, the log of its function says why.",
}


# Whom the endpoint refuses, and what to do if it does not.
_AUTHORIZED = (401, 403), "Does each method of the API ask who calls? Deploy the stack again."
_CHECKED = (404,), "Does the endpoint check customers (CustomerIdentity)? If yes, deploy the stack again."


class Broken(Exception):
    """A promise did not hold; the text is a sentence."""


class _Over(Exception):
    """Nothing more can be shown."""


class Walk:
    """One walk. `other` is another customer's name. If it expects a history, an endpoint without one is broken."""

    def __init__(
        self,
        endpoint: Endpoint,
        chats: MadeChats,
        *,
        flow: str,
        customer: str,
        other: str,
        expects_history: bool,
        say: Callable[[str], None],
        progress: Callable[[str], None],
    ) -> None:
        self._endpoint, self._chats, self._flow = endpoint, chats, flow
        self.customer, self.other = customer, other
        self._expects_history = expects_history
        self._say, self._progress = say, progress
        self._words = f"persistent-chat verify {uuid.uuid4()}"
        self.seen = Seen()
        # None: nobody knows yet whether the endpoint has one.
        self.history: bool | None = None
        # Of each promise that was tried: why it did not hold, or nothing.
        self.results: dict[str, str] = {}

    @property
    def broken(self) -> dict[str, str]:
        """The promises that did not hold."""
        return {step: why for step, why in self.results.items() if why}

    @property
    def is_tidy(self) -> bool:
        """Whether every chat was ended."""
        return not self.results.get("stop")

    def all(self) -> list[dict[str, str]]:
        """Every promise, with what came of it."""
        return [
            {"step": step, "promise": promise, "result": result, "said": why or ""}
            for step, promise in PROMISES.items()
            for why in [self.results.get(step)]
            for result in [NOT_TRIED if why is None else NOT_HELD if why else HELD]
        ]

    def conclude(self, left: Mapping[str, str]) -> None:
        """All chats were ended but these."""
        with self._step("stop"):
            if left:
                contact, why = next(iter(left.items()))
                raise Broken(
                    f"These chats may still run: {', '.join(left)}. {contact} could not be ended: {why.rstrip('.')}. "
                    f"End each of them: aws connect stop-contact --instance-id {self._chats.instance_id} --contact-id "
                    "<contact id>"
                )
            if self._chats.unclear:
                raise Broken(
                    f"{self._chats.unclear} starts got no clear answer, so chats may run on whose ids nobody told. "
                    f"Look in Amazon Connect for chats with the name {NAME}, and end them."
                )

    def run(self) -> None:
        """All steps. A step that others need ends the walk if it fails, and so does a throttle."""
        with suppress(_Over):
            self._run()

    def _run(self) -> None:
        with self._step("caller", needed=True):
            self.history = self._has_history()
        with self._step("anonymous"):
            _refused(lambda: self._endpoint.associate_as_nobody(_nobody()), *_AUTHORIZED)
            if self._endpoint.starts:
                _refused(self._endpoint.start_as_nobody, *_AUTHORIZED)
        with self._step("start", needed=True):
            self._chats.find_flow(self._flow)
            past = self._first()
        with self._step("say"):
            self._chats.say(past, self._words)
        with self._step("end", needed=True):
            self._end(past.id)
        self._continue(past.id)

    def _continue(self, past: str) -> None:
        """Each by a chat of its own, because a chat continues once. They run on: else they would be the latest."""
        # What looks a chat up comes first: among many running chats an endpoint does not decide which is the latest.
        if self.history or self._expects_history:
            with self._step("latest"):
                if not self.history:
                    raise Broken(
                        "This endpoint has no history: every request needs SourceContactId. Deploy it with a history, "
                        "or leave --history out."
                    )
                self._continued_by_association(past)
        if self._endpoint.starts:
            self._start(past)
        for step, kind in _TYPES.items():
            with self._step(step):
                fields = {"RehydrationType": kind, "SourceContactId": past}
                chat, answer = self._continued_by_association(past, **fields)
        if not self.results["segment"]:
            with self._step("repeat"):
                _expect(_CONTINUED, self._endpoint.associate(chat, **fields).get(_CONTINUED), answer)
        with self._step("others"):
            self._try_as_another(past)
        # It shows no promise.
        with suppress(BotoCoreError, ClientError, *UNREADABLE):
            assumptions.look(self._chats, self.seen, self.customer, past, time.monotonic)

    def _start(self, past: str) -> None:
        if self.history:
            with self._step("start_latest"):
                self._continues_by_start(past)
        with self._step("start_repeat"):
            token = str(uuid.uuid4())
            first, second = (self._by_endpoint(ClientToken=token) for _ in range(2))
            _expect("ContactId", second.id, first.id)
        for step, kind in _TYPES.items():
            with self._step(f"start_{step}"):
                self._continues_by_start(past, PersistentChat={"RehydrationType": kind, "SourceContactId": past})
        with self._step("start_others"):
            for kind in _TYPES.values():
                source = {"RehydrationType": kind, "SourceContactId": past}
                _refused(partial(self._by_endpoint, CustomerId=self.other, PersistentChat=source), *_CHECKED)
            if self._endpoint.has_token:
                # Nobody may start a chat in another's name. Backends may: they say whose chat it is.
                _refused(lambda: self._by_endpoint(CustomerId=self.other), *_CHECKED)

    @contextmanager
    def _step(self, name: str, *, needed: bool = False) -> Iterator[None]:
        why = ""
        try:
            yield
        except (Broken, CommandFailed, BotoCoreError) as error:
            why = str(error)
        except ClientError as error:
            why = _sentence(error)
            # The next steps would be throttled too, minute after minute.
            needed = needed or error.response["ResponseMetadata"]["HTTPStatusCode"] == 429
        except UNREADABLE as error:
            why = str(not_of_aws("Amazon Connect or the endpoint", type(error).__name__))
        # The whole token is looked for before anything is left out of the text.
        why = one_line(self._endpoint.hidden(why))
        self.results[name] = why
        self._say(f"{NOT_HELD if why else HELD}: {PROMISES[name]}{f'. {why}' if why else ''}")
        if why and needed:
            raise _Over

    def _has_history(self) -> bool:
        """Without a history, the fields come first; with one, the contact, which does not exist."""
        try:
            self._endpoint.associate(_nobody())
        except ClientError as error:
            if error.response["Error"].get("Code") in (wire.RESOURCE_NOT_FOUND, wire.INVALID_PARAMETER):
                return bool(error.response["Error"]["Code"] == wire.RESOURCE_NOT_FOUND)
            raise
        raise Broken(
            "A request for a chat that does not exist succeeded, expected a refusal. Check the address (--url)."
        )

    def _first(self) -> Chat:
        chat = self._by_endpoint() if self._endpoint.starts else self._chats.start(self.customer)
        described, at_once = self._chats.look_at_new(chat.id)
        self.seen.note("known_at_once", at_once, "known" if at_once else "some seconds later")
        self.seen.contact(described)
        self._carries_its_customer(described)
        # Somebody who has a token may have chatted before.
        if not self._endpoint.has_token:
            _expect(_CONTINUED, chat.answer.get(_CONTINUED), None)
        return chat

    def _carries_its_customer(self, described: Mapping[str, Any]) -> None:
        if self._chats.customer_of(described) != self.customer:
            raise Broken(
                "The new contact carries no customer, or another customer than expected. Check --attribute. If the "
                "callers have tokens, check --customer too."
            )

    def _by_endpoint(self, **fields: Any) -> Chat:
        whose = {} if self._endpoint.has_token else {"CustomerId": self.customer}
        return self._chats.begin(self._endpoint.start, InstanceId=self._chats.instance_id, **{**whose, **fields})

    def _end(self, contact: str) -> None:
        """End the chat, and wait for its transcript."""
        _, began = self._chats.describe(contact)
        self._chats.end(contact)
        waited = 0.0
        while waited < _TRANSCRIPT_SECONDS:
            described, now = self._chats.describe(contact)
            if described.get("Recordings"):
                break
            waited = (now - began).total_seconds()
            self._progress(f"Waiting for the transcript: {waited:.0f} s of at most {_TRANSCRIPT_SECONDS} s.")
            time.sleep(LOOK_SECONDS)
        if "DisconnectTimestamp" not in described:
            raise Broken(
                "StopContact succeeded, but DescribeContact has no DisconnectTimestamp: the chat has not ended."
            )
        self.seen.contact(described)

    def _continued_by_association(self, past: str, **fields: str) -> tuple[str, str]:
        chat = self._chats.start(self.customer)
        answer = self._endpoint.associate(chat.id, **fields)
        return chat.id, self._continues(chat, answer, past)

    def _continues_by_start(self, past: str, **fields: Any) -> None:
        chat = self._by_endpoint(**fields)
        self._continues(chat, chat.answer, past)
        self._carries_its_customer(self._chats.describe(chat.id)[0])

    def _continues(self, chat: Chat, answer: Any, past: str) -> str:
        """The answer, Amazon Connect and the transcript have to agree. Returns the contact that is continued."""
        continued = answer.get(_CONTINUED)
        why = answer["ResponseMetadata"]["HTTPHeaders"].get(wire.NOT_CONTINUED)
        if continued is None:
            told = f": {why}" if why else ". Does the history get the contact events? See its alarm and its log"
            raise Broken(f"The chat continues no past chat{told}.")
        if continued != past and self._chats.describe(continued)[0].get("InitialContactId") != past:
            raise Broken("The chat continues another chat than the one that this command ended.")
        related, at_once = self._chats.related(chat.id)
        if related != continued:
            found = "no chat" if related is None else "another chat"
            raise Broken(f"DescribeContact says that the chat continues {found}: the association is lost.")
        self.seen.note("related_at_once", at_once, "there" if at_once else "some seconds later")
        if not self._shows_the_past(chat):
            raise Broken(
                "The customer does not see what was said in the past chat. Check that the instance stores chat "
                "transcripts, in one bucket."
            )
        return str(continued)

    def _shows_the_past(self, chat: Chat) -> bool:
        # The answer may come before the transcript is there. Once it was not, it is not waited for again.
        for _ in looks(1) if self.broken else looks():
            pages = self._chats.pages(chat)
            self.seen.pages(pages)
            if any(item.get("Content") == self._words for page in pages for item in page):
                return True
        return False

    def _try_as_another(self, past: str) -> None:
        chat = self._chats.start(self.other)
        for kind in _TYPES.values():
            fields = {"RehydrationType": kind, "SourceContactId": past}
            _refused(partial(self._endpoint.associate, chat.id, **fields), *_CHECKED)
        if self.history and self._endpoint.has_token:
            _refused(lambda: self._endpoint.associate(chat.id), *_CHECKED)
        elif self.history:
            _expect(_CONTINUED, self._endpoint.associate(chat.id).get(_CONTINUED), None)
        related, _ = self._chats.related(chat.id, most=1)
        _expect("RelatedContactId", related, None)


_CONTINUED = "ContinuedFromContactId"


def _nobody() -> str:
    return f"persistent-chat-verify-{uuid.uuid4()}"


def _expect(name: str, got: object, expected: object) -> None:
    if got != expected:
        raise Broken(f"{name} is {got or 'absent'}, expected {expected or 'none'}.")


def _refused(call: Callable[[], object], statuses: Collection[int], advice: str) -> None:
    expected = f"expected a refusal ({' or '.join(map(str, statuses))}). {advice}"
    try:
        call()
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        # It came as far as the function.
        if status in (400, 404) and status not in statuses:
            raise Broken(f"{_refusal(error)}, {expected}") from error
        if status not in statuses:
            raise
    else:
        raise Broken(f"The request succeeded, {expected}")


def _refusal(error: ClientError) -> str:
    status, said = error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]
    text = f"{error.operation_name} was refused: {status} {said.get('Code', '')}, {said.get('Message', '')}"
    return " ".join(text.split()).rstrip(".")


def _sentence(error: ClientError) -> str:
    advice = _ADVICE.get(error.response["ResponseMetadata"]["HTTPStatusCode"], "")
    return f"{_refusal(error)}. {advice}".rstrip()

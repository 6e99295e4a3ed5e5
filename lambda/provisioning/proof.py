"""Custom::PersistentChatProof: shows that the endpoint, or the recorder, works, link by link.

A caller's request passes the gateway's stage and authorization, the function with its environment, and the
permissions of the function's role. A contact event passes a rule, its pattern and target. The proof tries these links
one by one, from the inside out, and names the first that is broken.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from itertools import chain

from provisioning import function, gateway, history, instance, properties
from provisioning.calls import Calls
from provisioning.link import Broken, DeploymentFailure, retry
from provisioning.properties import ProofProperties
from provisioning.text import head, say, without_secrets
from shared import custom_resources, probes

# How long the old version gets to stop answering: a changed policy or stage takes a while to be seen.
_SETTLE_SECONDS = 10.0
# How long after the patience the last link may still be tried. CloudFormation does not wait much longer.
_LAST_TRY_SECONDS = 50.0
# The negative control fails nothing, so it must not use up the time that the links need.
_CONTROL_SECONDS = 10.0
# How much of a report may be about broken links.
_REPORTED_BYTES = 2200
_CREATION = " A creation never passes without a proof: deploy again when there is less traffic."
_GOES_ON = "links are broken. The deployment went on, because of proof=ProofScope.REPORT_ONLY."

Link = tuple[str, Callable[[], str]]


def prove(given: Mapping[str, object], calls: Calls, is_update: bool) -> dict[str, str]:
    """The report, as the proof's attribute.

    Raises DeploymentFailure with the name of the first broken link. Two things do not fail: an update whose links could
    not be tried because a service throttled them, and a scope that only reports. An update is proved twice, with a
    pause between, because at first the old version may answer.
    """
    to_prove = properties.read(given)
    proof = _Proof(to_prove, calls, is_update)
    until = calls.now() + to_prove.patience
    # Once: the whole account may ask about its instances only twice a second.
    of_instance = (instance.LINK, partial(instance.is_fit, to_prove.instance_id, calls, until))
    proof.walk(chain((of_instance,), _links(to_prove, calls)), until)
    if is_update:
        settle = min(_SETTLE_SECONDS, to_prove.patience / 6)
        calls.wait(settle)
        proof.walk(_links(to_prove, calls), until + settle)
    return {custom_resources.REPORT: proof.report()}


def _links(to_prove: ProofProperties, calls: Calls) -> Iterator[Link]:
    """Each link of the chain, from the inside out."""
    yield "function", partial(function.starts, to_prove.function, calls)
    for action in to_prove.actions:
        yield f"permission {action}", partial(function.is_allowed, to_prove.function, action, calls)
    if to_prove.table:
        yield "index", partial(history.has_index, to_prove, calls)
    if to_prove.rule:
        tries = (history.is_on, history.matches, history.has_target, history.is_let_in)
        for link, tried in zip(history.LINKS, tries, strict=True):
            yield link, partial(tried, to_prove, calls)
    if to_prove.authorizer is not None:
        yield "authorizer", partial(function.starts, to_prove.authorizer, calls)
        yield "issuer", partial(function.reads_keys, to_prove.authorizer, calls)
    if to_prove.gateway is None or to_prove.scope == custom_resources.WITHOUT_GATEWAY:
        return
    for method in (gateway.ASSOCIATE, *((gateway.START,) if probes.START_CHAT in to_prove.actions else ())):
        called = (to_prove.gateway, method, calls)
        yield f"stage and authorization{method.of}", partial(gateway.refuses_strangers, *called)
        if to_prove.authorizer is not None:
            yield f"{gateway.TO_AUTHORIZER}{method.of}", partial(gateway.refuses_wrong_tokens, *called)
        if to_prove.gateway.signed:
            yield f"{gateway.LINKS[-1]}{method.of}", partial(gateway.answers_callers, *called)


class _Proof:
    """The result of each link."""

    def __init__(self, to_prove: ProofProperties, calls: Calls, is_update: bool) -> None:
        self._to_prove = to_prove
        self._calls = calls
        self._is_update = is_update
        self._shown: list[str] = []
        # By link, why.
        self._not_shown: dict[str, str] = {}
        self._showed_nothing: dict[str, str] = {}
        self._broken: dict[str, str] = {}

    def walk(self, links: Iterator[Link], until: float) -> None:
        """Try each link until it holds. Raises DeploymentFailure."""
        for name, tried in links:
            try:
                if self._calls.now() > until + _LAST_TRY_SECONDS:
                    # The links before took too long because of load. This link has no fault.
                    late = "The proof did not try it: the patience was used up before."
                    raise Broken(name, late, final=True, throttled=True)
                said = retry(tried, self._calls, until)
            except Broken as broken:
                self._fail_or_go_on(name, broken)
                continue
            self._not_shown.pop(name, None)
            if name not in (*self._shown, *self._broken, *self._showed_nothing):
                self._shown.append(name)
                say(level="INFO", link=name, outcome="holds", detail=said)
                self._try_control(name, until)

    def _fail_or_go_on(self, name: str, broken: Broken) -> None:
        found = broken.found if broken.final else f"{broken.found} It stayed so for {self._to_prove.patience:g} s."
        if name in self._shown:
            self._shown.remove(name)
        # The gateway does not say that Lambda throttles the function behind it.
        behind = broken.link.removeprefix("gateway to ")
        without_room = behind != broken.link and behind in self._not_shown
        if (broken.throttled or without_room) and self._is_update:
            self._not_shown[name] = f"{broken.link}: {found}"
            say(level="WARN", link=name, outcome="not shown", detail=self._not_shown[name])
            return
        say(level="ERROR", link=broken.link, outcome="broken", detail=found)
        if self._to_prove.scope != custom_resources.REPORT_ONLY:
            creation = _CREATION if broken.throttled else ""
            before = f" What held before: {', '.join(self._shown) or 'nothing'}."
            log = broken.log
            if not log and broken.link == gateway.LINKS[-1]:
                # The gateway does not tell why the function behind it fails.
                method = gateway.START if name.endswith(gateway.START.of) else gateway.ASSOCIATE
                log = gateway.words_of_function(self._to_prove.function.arn, method, self._calls)
            what = f"{self._to_prove.subject} does not work. Broken link: {broken.link}."
            raise DeploymentFailure(f"{what} {found}{creation}{before}", log=log) from broken
        self._broken[broken.link] = found

    def _try_control(self, name: str, until: float) -> None:
        """Try the negative control of a permission that was shown. It fails nothing, and goes into the report."""
        action = name.removeprefix("permission ")
        # DynamoDB's answers are documented, Connect's are not.
        if not action.startswith("connect:"):
            return
        try:
            until = min(until, self._calls.now() + _CONTROL_SECONDS)
            why = retry(
                lambda: function.is_denied_elsewhere(self._to_prove.function, action, self._calls), self._calls, until
            )
        except Broken as broken:
            why = f"The negative control got no answer: {broken.found}"
        if not why:
            say(level="INFO", link=name, outcome="denied elsewhere")
            return
        self._shown.remove(name)
        self._showed_nothing[name] = why
        say(level="WARN", link=name, outcome="could show nothing", detail=why)

    def report(self) -> str:
        """The results in a few sentences."""
        told = [f"{self._to_prove.subject}: {_GOES_ON if self._broken else 'no broken link was found.'}"]
        # A long answer must leave room for the others.
        room = _REPORTED_BYTES // max(1, len(self._broken))
        told += [f"Broken link: {link}. {head(without_secrets(why), room)}" for link, why in self._broken.items()]
        told += [f"Not shown: {link} ({why})." for link, why in self._not_shown.items()]
        told += [f"Could show nothing: {link}. {why}" for link, why in self._showed_nothing.items()]
        told.append(f"Shown: {', '.join(self._shown) or 'nothing'}.")
        if self._to_prove.scope == custom_resources.WITHOUT_GATEWAY:
            links = [*gateway.LINKS, *([gateway.TO_AUTHORIZER] if self._to_prove.authorizer else [])]
            told.append(f"Not tried, because of proof=ProofScope.WITHOUT_GATEWAY: {', '.join(links)}.")
        elif self._to_prove.gateway is not None and not self._to_prove.gateway.signed:
            told.append("Not tried, because callers use tokens: gateway to function.")
        return " ".join(told)

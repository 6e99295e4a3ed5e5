"""`persistent-chat verify`: shows on the user's own instance that an endpoint keeps its promises."""

import base64
import json
import os
import re
import sys
import uuid
from contextlib import ExitStack, suppress
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO
from urllib.parse import urlsplit

from connect_persistent_chat.commands import arguments
from connect_persistent_chat.commands.command_failed import CommandFailed, one_line
from connect_persistent_chat.commands.interrupt import STATUS

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

    from connect_persistent_chat.commands.made_chats import MadeChats
    from connect_persistent_chat.commands.walk import Walk

_REPORT_VERSION = 1
_LONGEST_TOKEN = 16_384
_TOKEN = re.compile(r"[!-~]+( [!-~]+)?")
_ERASE = "persistent-chat erase --recorder <output HistoryRecorder> --customer"
# What a report must not hold: addresses of AWS, ARNs, ids, account numbers, and names of customers.
_PRIVATE = re.compile(
    # Then come names, also those in a certificate.
    r"(?<=SSL validation failed for ).*"
    r"|https?://\S+|arn:[^\s,]+|persistent-chat-verify-[\w-]+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|\b\d{12}\b|\S+@\S+"
    r"|[\w.-]+\.amazonaws\.com\S*"
)
_PLAN = (
    "This command starts up to 14 chats in the Amazon Connect instance {instance}. It says something in two of them, "
    "and ends all of them. Agents may get these chats. So use a flow that has no queue and keeps a chat waiting. The "
    "command takes about two minutes."
)


def add_to(commands: "_SubParsersAction[ArgumentParser]") -> None:
    """The command and its arguments."""
    does = "show on your own instance that an endpoint keeps its promises"
    command = commands.add_parser("verify", help=does, description=f"S{does[1:]}. It starts chats, and ends them.")
    command.set_defaults(run=run)
    command.add_argument(
        "--url", required=True, type=arguments.endpoint_url, help="the output EndpointUrl of the stack"
    )
    command.add_argument(
        "--start-url", metavar="URL", type=arguments.start_url, help="the output StartUrl, if the endpoint starts chats"
    )
    command.add_argument("--flow", required=True, help="the name, id or ARN of the flow of the chats")
    command.add_argument("--attribute", help="the contacts carry the customer in this attribute, and not in CustomerId")
    command.add_argument(
        "--token", choices=["-"], help="callers have tokens: read the token of a test customer from standard input"
    )
    command.add_argument("--customer", help="the customer that the token names (default: its sub)")
    command.add_argument("--history", action="store_true", help="fail if the endpoint has no history")
    command.add_argument("--report", type=Path, help="write a report without ids and secrets into this file")
    command.add_argument("--yes", action="store_true", help="do not ask before the chats start")


def run(options: "Namespace") -> int:
    """Walk through the promises. Returns 0 if all held, 1 if not, 2 if it could not begin, 130 if it was stopped."""
    with ExitStack() as files:
        try:
            walk, chats = _prepared(options)
            report = files.enter_context(options.report.open("w", encoding="utf-8")) if options.report else None
        except (CommandFailed, OSError) as error:
            print(f"Error: {one_line(error)}", file=sys.stderr)
            return 2
        return _walked(walk, chats, options, report)


def _prepared(options: "Namespace") -> "tuple[Walk, MadeChats]":
    """Raises CommandFailed."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    from connect_persistent_chat.commands.called_endpoint import Endpoint, region_of
    from connect_persistent_chat.commands.made_chats import MadeChats
    from connect_persistent_chat.commands.retry import while_busy
    from connect_persistent_chat.commands.walk import Walk

    if options.customer and not options.token:
        raise CommandFailed(
            "--customer: got it without --token. Without a token the command makes up its customers. Leave --customer "
            "out, or give --token - too."
        )
    made_up = f"persistent-chat-verify-{uuid.uuid4()}"
    token = _token() if options.token else None
    customer = options.customer or (_subject(token) if token else made_up)
    try:
        session = boto3.session.Session(region_name=region_of(options.url) or os.environ.get("AWS_REGION") or None)
        # Needs no permission.
        while_busy("AWS STS", session.client("sts").get_caller_identity, _tell)
        endpoint = Endpoint(session, options.url, options.start_url, token, _tell)
        chats = MadeChats(session, endpoint.instance_id, options.attribute, _tell)
        if endpoint.starter:
            chats.watch(endpoint.starter)
    except (BotoCoreError, ClientError, ValueError) as error:
        raise CommandFailed(
            f"{one_line(error).rstrip('.')}. "
            "Check the credentials, the region, this machine's clock and AWS_ENDPOINT_URL."
        ) from error
    _ask(endpoint.instance_id, yes=options.yes)
    return Walk(
        endpoint,
        chats,
        flow=options.flow,
        customer=customer,
        other=f"{made_up}-other",
        expects_history=options.history,
        say=_say,
        progress=_tell,
    ), chats


def _walked(walk: "Walk", chats: "MadeChats", options: "Namespace", report: TextIO | None) -> int:
    status, failure = 0, None
    try:
        try:
            chats.stopping.listen()
            walk.run()
        finally:
            chats.stopping.ignore()
    except KeyboardInterrupt:
        status = STATUS
    except Exception as error:
        # For example, whoever read the lines has left.
        status, failure = STATUS, error
    finally:
        left = chats.end_all()
    with suppress(OSError):
        walk.conclude(left)
    if status == 0 and walk.broken:
        status = 1
    if report:
        try:
            with report:
                report.write(json.dumps(_report(walk, options, status), indent=2, ensure_ascii=False) + "\n")
        except OSError as error:
            status = status or 1
            _tell(f"Error: --report: the report was not written: {one_line(error)}.")
    if failure:
        if not walk.is_tidy:
            _tell(walk.broken["stop"])
        raise failure
    _tell_result(walk, options, status)
    return status


def _tell_result(walk: "Walk", options: "Namespace", status: int) -> None:
    from connect_persistent_chat.commands.walk import NOT_TRIED

    for promise in walk.all():
        if promise["result"] == NOT_TRIED:
            print(f"{NOT_TRIED}: {promise['promise']}")
    print("What Amazon Connect answered where AWS documents nothing:")
    for one in walk.seen.all():
        answered = f" ({one['answered']})" if one["answered"] else ""
        print(f"{one['result']}{answered}: {one['assumption']} [{one['where']}]")
    if walk.history:
        print(
            "The history keeps entries of these chats. To erase all entries of these customers, run this a day later:"
        )
        for whose in ("<the customer of the token>" if options.token else walk.customer, walk.other):
            print(f"{_ERASE} {whose}")
    if status == STATUS:
        print("Stopped." if walk.is_tidy else "Stopped. Some chats may still run: see above.", file=sys.stderr)
    elif walk.broken:
        step, why = next(iter(walk.broken.items()))
        print(f"Error: {step}: {why}", file=sys.stderr)


def _report(walk: "Walk", options: "Namespace", status: int) -> dict[str, Any]:
    """It is the same whenever the same happens. What differs from run to run, or is nobody's business, is left out."""
    # As the lines have it.
    customer = one_line(walk.customer) or walk.customer
    urls = (options.url, options.start_url, os.environ.get("AWS_ENDPOINT_URL"))
    names = {customer, *filter(None, (urlsplit(url or "").hostname for url in urls))}
    private = re.compile(rf"(?<!\w)(?:{'|'.join(sorted(map(re.escape, names), key=len, reverse=True))})(?!\w)")

    def public(text: str) -> str:
        return _PRIVATE.sub("<private>", private.sub("<private>", text))

    return {
        "report": _REPORT_VERSION,
        "version": version("connect-persistent-chat"),
        "result": {0: "held", 1: "did not hold"}.get(status, "stopped"),
        "caller": "token" if options.token else "iam",
        "customer": "attribute" if options.attribute else "CustomerId",
        "start": options.start_url is not None,
        "history": walk.history,
        "promises": [{**one, "said": public(one["said"])} for one in walk.all()],
        "connect": walk.seen.all(),
    }


def _ask(instance: str, *, yes: bool) -> None:
    """Raises CommandFailed if the answer is no."""
    print(_PLAN.format(instance=instance), flush=True)
    if yes:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise CommandFailed("The command cannot ask, because standard input is not a terminal. Give --yes.")
    print("Go on? [y/N] ", end="", flush=True)
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise CommandFailed("No chat was started, because the answer was not y.")


def _token() -> str:
    """One line of standard input."""
    try:
        token = sys.stdin.readline(_LONGEST_TOKEN + 1).strip() if sys.stdin is not None else ""
    except UnicodeDecodeError:
        token = ""
    if len(token) > _LONGEST_TOKEN or not _TOKEN.fullmatch(token):
        raise CommandFailed(
            "--token: expected one line with a token on standard input. What came instead is not shown here."
        )
    return token


def _subject(token: str) -> str:
    """The customer that the token names. The endpoint checks whether the token is genuine."""
    try:
        payload = token.split(".")[1]
        subject = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["sub"]
    except (IndexError, KeyError, TypeError, ValueError, RecursionError):
        subject = None
    if not isinstance(subject, str) or not subject:
        raise CommandFailed("--customer: the token has no readable sub. Give the customer that the token names.")
    return subject


def _say(line: str) -> None:
    print(one_line(line), flush=True)


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)

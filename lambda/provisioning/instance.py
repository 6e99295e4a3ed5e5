"""Custom::ConnectInstance: checks that persistent chat can work on an instance."""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from provisioning.calls import Calls
from provisioning.link import Broken, DeploymentFailure, answer_of, code_of, retry
from provisioning.text import say
from shared import custom_resources

_T = TypeVar("_T")
LINK = "instance"
# DescribeInstance's InstanceId, without the ARN that it takes as well.
_INSTANCE_ID = "[0-9A-Za-z-]{1,250}"


def check(properties: Mapping[str, object], calls: Calls, is_update: bool = False) -> dict[str, str]:
    """The instance's id. Raises DeploymentFailure, with the id if it is known, unless it is fit for persistent chat."""
    until = calls.now() + custom_resources.CHECK_PATIENCE_SECONDS
    attributes: dict[str, str] = {}
    try:
        attributes[custom_resources.INSTANCE_ID] = _id_of(properties, calls, until)
        is_fit(attributes[custom_resources.INSTANCE_ID], calls, until)
    except Broken as broken:
        # An update does not fail if Amazon Connect only throttled the check.
        if not (broken.throttled and is_update and attributes):
            raise DeploymentFailure(broken.found, attributes) from broken
        say(level="WARN", link=LINK, outcome="not shown", detail=broken.found)
    return attributes


def is_fit(instance_id: str, calls: Calls, until: float) -> str:
    """Raises Broken unless the instance is there, active, and stores its transcripts in one place."""
    if not re.fullmatch(_INSTANCE_ID, instance_id):
        raise _unfit(
            f"The Connect instance id {instance_id[:300]!r} is malformed, expected 1 to 250 letters, digits and "
            "hyphens. Correct the value that the stack gets."
        )
    status = _told(lambda: _described(instance_id, calls), calls, until).get("InstanceStatus")
    if status != "ACTIVE":
        raise _unfit(
            f"The Amazon Connect instance {instance_id} is {status}, expected ACTIVE. "
            "Wait until its creation has ended, or create a new instance if that failed. Then deploy again."
        )
    storages = _told(lambda: calls.transcript_storages(instance_id), calls, until)
    if len(storages) != 1 or storages[0].get("StorageType") != "S3":
        found = ", ".join(map(_place, storages)) or "none"
        raise _unfit(
            f"The Amazon Connect instance {instance_id} stores chat transcripts in {len(storages)} places "
            f"({found}), expected exactly one in S3: without it no past chat can be shown. Set it in the "
            "instance's data storage settings, under chat transcripts, and deploy again."
        )
    return ""


def _id_of(properties: Mapping[str, object], calls: Calls, until: float) -> str:
    names = (custom_resources.INSTANCE_ID, custom_resources.INSTANCE_ALIAS)
    given = {name: properties[name] for name in names if name in properties}
    if len(given) != 1 or not all(isinstance(value, str) for value in given.values()):
        raise _unfit(
            f"The check of an instance got {str(given)[:300]}, expected either {custom_resources.INSTANCE_ID} or "
            f"{custom_resources.INSTANCE_ALIAS}, a text. Deploy what this library synthesizes."
        )
    ((name, value),) = given.items()
    if name == custom_resources.INSTANCE_ID:
        return str(value)
    instances = _told(calls.instances, calls, until)
    aliases = {summary["InstanceAlias"]: summary["Id"] for summary in instances if "InstanceAlias" in summary}
    if value not in aliases:
        found = ", ".join(sorted(aliases)) or "none"
        raise _unfit(
            f"No Amazon Connect instance has the alias {value!r} in {calls.region}: found {found}. "
            "Correct the alias, or deploy to the instance's account and region."
        )
    return str(aliases[value])


def _told(call: Callable[[], _T], calls: Calls, until: float) -> _T:
    """What Connect says; retried while it denies the role, throttles or fails, or a connection is lost."""
    try:
        return retry(lambda: answer_of(LINK, "Amazon Connect", call), calls, until)
    except Broken as broken:
        # Connect answered: neither waiting nor another deployment helps.
        if broken.final:
            raise
        raise Broken(
            LINK,
            f"The Amazon Connect instance could not be checked in {calls.region}: {broken.found} If {calls.region} "
            "has Amazon Connect, deploy again.",
            final=True,
            throttled=broken.throttled,
        ) from broken
    except ClientError as error:
        raise _unfit(f"Amazon Connect could not be asked about the instance: {error}.") from error


def _described(instance_id: str, calls: Calls) -> dict[str, Any]:
    try:
        return calls.instance(instance_id)
    except ClientError as error:
        if code_of(error) in {"ResourceNotFoundException", "InvalidRequestException"}:
            raise _unfit(
                f"The Connect instance {instance_id} does not exist in {calls.region} of this account. "
                "Correct the id, or deploy to the instance's account and region."
            ) from error
        raise


def _place(storage: dict[str, Any]) -> str:
    location = storage.get("S3Config")
    if location is None:
        return str(storage.get("StorageType"))
    return f"s3://{location.get('BucketName')}/{location.get('BucketPrefix', '')}"


def _unfit(found: str) -> Broken:
    """A retry cannot help: somebody has to do what the sentence says."""
    return Broken(LINK, found, final=True)

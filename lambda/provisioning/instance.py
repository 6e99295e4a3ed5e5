"""Custom::ConnectInstance: is there an instance that persistent chat can work on?"""

import re
from collections.abc import Callable
from typing import Any, TypeVar

from provisioning import names
from provisioning.calls import BotoCoreError, Calls, ClientError
from provisioning.failure import DeploymentFailure

_T = TypeVar("_T")
_PAUSE_SECONDS = 2.0
# DescribeInstance's InstanceId, without the ARN that it takes as well.
_INSTANCE_ID = "[0-9A-Za-z-]{1,250}"
_DENIED = {"AccessDeniedException", "AccessDenied"}


def check(properties: dict[str, Any], calls: Calls) -> dict[str, str]:
    """The instance's id. Raises DeploymentFailure, with the id if it is known, unless it is fit for persistent chat."""
    until = calls.now() + names.INSTANCE_PATIENCE_SECONDS
    if names.INSTANCE_ALIAS in properties:
        instance_id = _allowed(lambda: _id_of(properties[names.INSTANCE_ALIAS], calls), calls, until)
    else:
        instance_id = properties[names.INSTANCE_ID]
    attributes = {names.INSTANCE_ID: instance_id}
    try:
        _refuse_unfit(instance_id, calls, until)
    except DeploymentFailure as failure:
        raise DeploymentFailure(str(failure), attributes) from failure
    return attributes


def _refuse_unfit(instance_id: str, calls: Calls, until: float) -> None:
    if not re.fullmatch(_INSTANCE_ID, instance_id):
        raise DeploymentFailure(
            f"The Connect instance id {instance_id!r} is malformed, expected 1 to 250 letters, digits and hyphens. "
            "Correct what the stack gets it from."
        )
    described = _allowed(lambda: _described(instance_id, calls), calls, until)
    _refuse_unless_active(described, instance_id)
    _refuse_unless_one_storage(_allowed(lambda: calls.transcript_storages(instance_id), calls, until), instance_id)


def _allowed(call: Callable[[], _T], calls: Calls, until: float) -> _T:
    """Ask again while the role is denied: its policy was made a moment ago."""
    while True:
        try:
            return call()
        except BotoCoreError as error:
            raise DeploymentFailure(
                f"Amazon Connect is out of reach in {calls.region}: {error}. Deploy to a region that has Amazon "
                "Connect, or deploy again."
            ) from error
        except ClientError as error:
            if error.response["Error"]["Code"] not in _DENIED:
                raise DeploymentFailure(
                    f"Amazon Connect could not be asked about the instance: {error}. Deploy again."
                ) from error
            if calls.now() + _PAUSE_SECONDS > until:
                raise DeploymentFailure(
                    "The deployment may not look at the Amazon Connect instance: "
                    f"{error.response['Error']['Message']}. Expected the permissions of its own policy; look "
                    "for a permissions boundary or a service control policy that denies them."
                ) from error
            calls.wait(_PAUSE_SECONDS)


def _id_of(alias: str, calls: Calls) -> str:
    aliases = {summary["InstanceAlias"]: summary["Id"] for summary in calls.instances() if "InstanceAlias" in summary}
    if alias not in aliases:
        found = ", ".join(sorted(aliases)) or "none"
        raise DeploymentFailure(
            f"No Amazon Connect instance has the alias {alias!r} in {calls.region}: found {found}. "
            "Correct the alias, or deploy to the instance's account and region."
        )
    return str(aliases[alias])


def _described(instance_id: str, calls: Calls) -> dict[str, Any]:
    try:
        return calls.instance(instance_id)
    except ClientError as error:
        if error.response["Error"]["Code"] in {"ResourceNotFoundException", "InvalidRequestException"}:
            raise DeploymentFailure(
                f"The Connect instance {instance_id} does not exist in {calls.region} of this account. "
                "Correct the id, or deploy to the instance's account and region."
            ) from error
        raise


def _refuse_unless_active(described: dict[str, Any], instance_id: str) -> None:
    status = described.get("InstanceStatus")
    if status != "ACTIVE":
        raise DeploymentFailure(
            f"The Amazon Connect instance {instance_id} is {status}, expected ACTIVE. "
            "Wait until its creation has ended, or create it anew if that failed, and deploy again."
        )


def _refuse_unless_one_storage(storages: list[dict[str, Any]], instance_id: str) -> None:
    places = [_place(storage) for storage in storages]
    if len(places) != 1 or storages[0].get("StorageType") != "S3":
        found = ", ".join(places) or "none"
        raise DeploymentFailure(
            f"The Amazon Connect instance {instance_id} stores chat transcripts in {len(places)} places "
            f"({found}), expected exactly one in S3, without which no past chat can be shown. Set it in the "
            "instance's data storage settings, under chat transcripts, and deploy again."
        )


def _place(storage: dict[str, Any]) -> str:
    location = storage.get("S3Config")
    if location is None:
        return str(storage.get("StorageType"))
    return f"s3://{location.get('BucketName')}/{location.get('BucketPrefix', '')}"

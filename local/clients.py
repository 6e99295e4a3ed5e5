"""A client as users have it: boto3's own for Amazon Connect, pointed at the endpoint."""

from typing import Any

from botocore.config import Config

from local.cloud import Cloud


def endpoint_client(cloud: Cloud, url: str, access_key: str | None = None, secret: str | None = None) -> Any:
    """boto3's `connect` client for a deployed endpoint's `EndpointUrl`, as the cloud's root by default."""
    stage_url = cloud.execute_api_url(url).partition("/contact/")[0]
    # One attempt, so that each of the endpoint's answers is seen.
    once = Config(retries={"total_max_attempts": 1})
    client = cloud.client("connect", access_key, secret, endpoint_url=stage_url, config=once)
    client.meta.events.register("before-sign.connect", _sign_for_execute_api)
    return client


def _sign_for_execute_api(request: Any, **_: Any) -> None:
    request.context.setdefault("signing", {})["signing_name"] = "execute-api"

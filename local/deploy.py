"""`make deploy` and `make destroy`: the app's stack to or from a local cloud that runs already."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from .cdk import CdkFailed, bootstrap, deploy, destroy
from .cloud import Cloud, CloudError
from .connect.instances import FLOW_ID
from .issuer import ISSUER
from .tokens import CLIENT

# The deployed stack takes no roles of the bootstrap stack: the local cloud refuses them.
LOCAL = ("-c", "credentials=cli")
STACK = "PersistentChat"
OUTPUTS = "cdk-outputs.json"
# CloudFormation is not the command line: what it was told already is done to its end.
_STOPPED = "Stopped. What was begun goes on in the local cloud for some seconds. Then deploy again, or make destroy."


def deploy_app(cloud: Cloud, context: list[str], say: Callable[[str], None] | None = None) -> dict[str, str]:
    """Deploy the app of this repository. Returns its outputs; their addresses answer on this machine. Raises CdkFailed.

    It writes no file: others may deploy to their own clouds at the same time.
    """
    (outputs,) = deploy(cloud, *LOCAL, *context, say=say).values()
    return outputs


def destroy_app(cloud: Cloud, context: list[str], say: Callable[[str], None] | None = None) -> None:
    """Destroy it. Raises CdkFailed."""
    destroy(cloud, *LOCAL, *context, say=say)


def context_of(**given: str) -> list[str]:
    """The command line's arguments for these values of the app's context."""
    return [part for key, value in given.items() for part in ("-c", f"{key}={value}")]


def context_of_users(cloud: Cloud, **more: str) -> list[str]:
    """Customers sign in at the cloud's issuer and start chats, which continue their latest."""
    people = {"authorization": "oidc", "issuer": ISSUER, "audience": CLIENT}
    return context_of(instance=cloud.instance_id, history="true", start=FLOW_ID, **people, **more)


def main() -> int:
    """Deploy or destroy; the CDK command line's lines pass through."""
    parser = argparse.ArgumentParser(prog="local.deploy", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="where the local cloud answers")
    parser.add_argument("action", choices=["deploy", "destroy"])
    options, context = parser.parse_known_args()
    try:
        cloud = Cloud.at(options.port)
        if options.action == "destroy":
            destroy_app(cloud, context, print)
        else:
            bootstrap(cloud, print)
            outputs = deploy_app(cloud, context, print)
            Path(OUTPUTS).write_text(json.dumps({STACK: outputs}, indent=2), encoding="utf-8")
            if "StartUrl" in outputs:
                print(f"On this machine chats start at {outputs['StartUrl']}")
            print(f"On this machine the endpoint answers at {outputs['EndpointUrl']}<contact id>")
    except CloudError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    except CdkFailed:
        return 1
    except KeyboardInterrupt:
        print(f"\n{_STOPPED}", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

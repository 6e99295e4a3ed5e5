"""`make chat`: a chat page and an agent's window, on the local cloud, until Ctrl-C."""

import os
import sys
import threading
import webbrowser

from .cdk import bootstrap
from .cloud import Cloud
from .deploy import context_of_users, deploy_app
from .issuer import PREFIX
from .page import ChatPage
from .steps import Progress, step, tell, walk
from .tokens import CLIENT, Tokens


def deploy(cloud: Cloud, page: ChatPage) -> None:
    """Deploy the app for customers who sign in and start chats, and configure the page for it. Raises CdkFailed."""
    bootstrap(cloud, Progress())
    outputs = deploy_app(cloud, context_of_users(cloud, cors_allowed_origins=page.origin), Progress())
    Tokens(cloud).client(CLIENT, page.address)
    page.configuration = {
        "issuer": Tokens.issuer,
        # The issuer's own name, issuer.example, leads nowhere.
        "discoveryUrl": f"{cloud.url}{PREFIX}.well-known/openid-configuration",
        "clientId": CLIENT,
        "scope": "openid",
        "prompt": "login",
        "startUrl": outputs["StartUrl"],
        "endpointUrl": outputs["EndpointUrl"],
        "region": cloud.region,
        "participantUrl": cloud.url,
    }


def chat(cloud: Cloud) -> None:
    """Serve the page and the agent's window until Ctrl-C."""
    with ChatPage() as page:
        with step("Deploy the app; the deployment proves that the endpoint works"):
            deploy(cloud, page)
        addresses = {"The customer's page": page.address, "The agent's window": f"{cloud.url}/_connect/agent"}
        with step("Chat, until Ctrl-C. To sign in, type any name"):
            for what, address in addresses.items():
                tell(f"{what}: {address}")
                if has_browser():
                    webbrowser.open(address)
            threading.Event().wait()


def has_browser() -> bool:
    """Whether there is a screen. Without one, webbrowser would start a text browser in this terminal."""
    return sys.platform in ("darwin", "win32") or bool({"DISPLAY", "WAYLAND_DISPLAY"} & set(os.environ))


if __name__ == "__main__":
    sys.exit(walk(chat))

"""An HTTP endpoint, guarded and proven, for Amazon Connect's CreatePersistentContactAssociation."""

from typing import TYPE_CHECKING

from connect_persistent_chat.authorization import Authorization
from connect_persistent_chat.endpoint import PersistentChatEndpoint
from connect_persistent_chat.errors import ConfigurationError
from connect_persistent_chat.identity import CustomerIdentity
from connect_persistent_chat.instance import ConnectInstance

if TYPE_CHECKING:
    from connect_persistent_chat.monitoring import PersistentChatMonitoring

__all__ = [
    "Authorization",
    "ConfigurationError",
    "ConnectInstance",
    "CustomerIdentity",
    "PersistentChatEndpoint",
    "PersistentChatMonitoring",
]


def __getattr__(name: str) -> object:
    """Import the monitoring when it is asked for: it needs three more modules of the CDK, which take long."""
    if name == "PersistentChatMonitoring":
        from connect_persistent_chat.monitoring import PersistentChatMonitoring

        return PersistentChatMonitoring
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

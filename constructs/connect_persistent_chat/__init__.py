"""An HTTP endpoint, guarded and proven, for Amazon Connect's CreatePersistentContactAssociation."""

from importlib import import_module
from typing import TYPE_CHECKING

from connect_persistent_chat.authorization import Authorization
from connect_persistent_chat.endpoint import PersistentChatEndpoint
from connect_persistent_chat.errors import ConfigurationError
from connect_persistent_chat.identity import CustomerIdentity
from connect_persistent_chat.instance import ConnectInstance

if TYPE_CHECKING:
    from connect_persistent_chat.history import ChatHistory
    from connect_persistent_chat.monitoring import PersistentChatMonitoring

__all__ = [
    "Authorization",
    "ChatHistory",
    "ConfigurationError",
    "ConnectInstance",
    "CustomerIdentity",
    "PersistentChatEndpoint",
    "PersistentChatMonitoring",
]
# Imported when they are asked for: they need more modules of the CDK, which take long.
_LATER = {"ChatHistory": "history", "PersistentChatMonitoring": "monitoring"}


def __getattr__(name: str) -> object:
    """A construct that not every stack has."""
    if name in _LATER:
        return getattr(import_module(f"connect_persistent_chat.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

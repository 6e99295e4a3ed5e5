"""An HTTP endpoint, guarded and proven, for Amazon Connect's CreatePersistentContactAssociation."""

from importlib import import_module

# As typing has it, which takes the commands longer to import than all else before they can be stopped.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from connect_persistent_chat.authorization import Authorization
    from connect_persistent_chat.endpoint import PersistentChatEndpoint
    from connect_persistent_chat.errors import ConfigurationError
    from connect_persistent_chat.history import ChatHistory
    from connect_persistent_chat.identity import CustomerIdentity
    from connect_persistent_chat.instance import ConnectInstance
    from connect_persistent_chat.interfaces import IChatHistory
    from connect_persistent_chat.monitoring import PersistentChatMonitoring
    from connect_persistent_chat.proof import ProofScope

__all__ = [
    "Authorization",
    "ChatHistory",
    "ConfigurationError",
    "ConnectInstance",
    "CustomerIdentity",
    "IChatHistory",
    "PersistentChatEndpoint",
    "PersistentChatMonitoring",
    "ProofScope",
]
# Imported when they are asked for: modules of the CDK take long, and the commands need none of them.
_MODULES = {
    "Authorization": "authorization",
    "ChatHistory": "history",
    "ConfigurationError": "errors",
    "ConnectInstance": "instance",
    "CustomerIdentity": "identity",
    "IChatHistory": "interfaces",
    "PersistentChatEndpoint": "endpoint",
    "PersistentChatMonitoring": "monitoring",
    "ProofScope": "proof",
}


def __getattr__(name: str) -> object:
    """One of the public names."""
    if name in _MODULES:
        return getattr(import_module(f"connect_persistent_chat.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

"""An HTTP endpoint, guarded and proven, for Amazon Connect's CreatePersistentContactAssociation."""

from importlib import import_module

# Not imported from `typing`: that import is slow, and Ctrl-C has to stop a command at once.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from connect_persistent_chat.deployment.instance import ConnectInstance
    from connect_persistent_chat.deployment.proof import ProofScope
    from connect_persistent_chat.endpoint.authorization import Authorization
    from connect_persistent_chat.endpoint.chat_start import ChatStart
    from connect_persistent_chat.endpoint.endpoint import PersistentChatEndpoint
    from connect_persistent_chat.endpoint.monitoring import PersistentChatMonitoring
    from connect_persistent_chat.errors import ConfigurationError
    from connect_persistent_chat.history.history import ChatHistory
    from connect_persistent_chat.history.interface import IChatHistory
    from connect_persistent_chat.identity import CustomerIdentity

__all__ = [
    "Authorization",
    "ChatHistory",
    "ChatStart",
    "ConfigurationError",
    "ConnectInstance",
    "CustomerIdentity",
    "IChatHistory",
    "PersistentChatEndpoint",
    "PersistentChatMonitoring",
    "ProofScope",
]
# Imported only when they are used: the CDK's modules are slow to import, and the commands need none of them.
_MODULES = {
    "Authorization": "endpoint.authorization",
    "ChatHistory": "history.history",
    "ChatStart": "endpoint.chat_start",
    "ConfigurationError": "errors",
    "ConnectInstance": "deployment.instance",
    "CustomerIdentity": "identity",
    "IChatHistory": "history.interface",
    "PersistentChatEndpoint": "endpoint.endpoint",
    "PersistentChatMonitoring": "endpoint.monitoring",
    "ProofScope": "deployment.proof",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is used."""
    if name in _MODULES:
        return getattr(import_module(f"connect_persistent_chat.{_MODULES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

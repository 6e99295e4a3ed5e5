"""An HTTP endpoint, guarded and proven, for Amazon Connect's CreatePersistentContactAssociation."""

from connect_persistent_chat.authorization import Authorization
from connect_persistent_chat.endpoint import PersistentChatEndpoint
from connect_persistent_chat.errors import ConfigurationError
from connect_persistent_chat.identity import CustomerIdentity
from connect_persistent_chat.instance import ConnectInstance
from connect_persistent_chat.monitoring import PersistentChatMonitoring

__all__ = [
    "Authorization",
    "ConfigurationError",
    "ConnectInstance",
    "CustomerIdentity",
    "PersistentChatEndpoint",
    "PersistentChatMonitoring",
]

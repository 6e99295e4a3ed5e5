"""What the constructs, the commands and the functions have to agree on. Nothing here imports anything of ours.

The package sees it as `connect_persistent_chat.shared` (docs/decisions/shared-names.md).
"""

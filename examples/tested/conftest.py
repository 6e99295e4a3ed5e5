from connect_persistent_chat_local.fixtures import local_cloud  # noqa: F401 - pytest looks it up here

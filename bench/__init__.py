"""`make bench`: what the endpoint costs in time, memory and money, beside what people would write by themselves."""

import sys

from connect_persistent_chat.source import SOURCE

# What is measured in this process itself; functions on the local cloud see their own assets only.
sys.path.append(str(SOURCE))

"""Amazon Connect on one machine, as far as persistent chat needs it. Nothing here knows MiniStack.

Where AWS documents nothing, a comment says `Assumption:`, and docs/local-cloud.md lists it.
"""

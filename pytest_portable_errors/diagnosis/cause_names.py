"""The stable names of all causes; each has a document in ``explanations/``."""

from __future__ import annotations

ARGS_REACH_OTHER_PARAMETERS = "args-reach-other-parameters"
CHAIN_DROPPED = "chain-dropped"
CLASS_NOT_IMPORTABLE = "class-not-importable"
CLASS_SENT_BY_VALUE = "class-sent-by-value"
CRASHES_THE_RECEIVER = "crashes-the-receiver"
DROPPED_BY_PYTHON = "dropped-by-python"
DUMPS_FAILED = "dumps-failed"
ENDS_A_PROCESS = "ends-a-process"
HANGS_THE_RECEIVER = "hangs-the-receiver"
INIT_DOES_NOT_FIT_ARGS = "init-does-not-fit-args"
INIT_REJECTS_ARGS = "init-rejects-args"
INIT_REWRITES_MESSAGE = "init-rewrites-message"
INIT_TAKES_NO_ARGUMENTS = "init-takes-no-arguments"
LINK_CANNOT_BE_REBUILT = "link-cannot-be-rebuilt"
LINK_CHANGED = "link-changed"
LOADS_FAILED = "loads-failed"
MEMBER_CHANGED = "member-changed"
REBUILT_OTHERWISE = "rebuilt-otherwise"
RECEIVER_NOT_SET_UP = "receiver-not-set-up"
RECEIVER_TOO_OLD = "receiver-too-old"
RECONSTRUCTOR_NOT_IMPORTABLE = "reconstructor-not-importable"
REDUCE_CHANGES_TYPE = "reduce-changes-type"
REDUCE_DROPS_NOTES = "reduce-drops-notes"
REDUCE_DROPS_STATE = "reduce-drops-state"
REDUCE_FAILED = "reduce-failed"
REGISTERED_REDUCER_LOSES = "registered-reducer-loses"
RENAMED_BY_PROTOCOL = "renamed-by-protocol"
REPLACED_BY_CARRIER = "replaced-by-carrier"
SETSTATE_DROPS_STATE = "setstate-drops-state"
SLOTS_NOT_CARRIED = "slots-not-carried"
STATE_CANNOT_BE_RESTORED = "state-cannot-be-restored"
SUPPRESSION_FLIPPED = "suppression-flipped"
TRAVELS_ONLY_IN_TESTS = "travels-only-in-tests"
VALUE_CANNOT_BE_LOADED = "value-cannot-be-loaded"
VALUE_CANNOT_BE_PICKLED = "value-cannot-be-pickled"
VALUE_CHANGES = "value-changes"

ATTRIBUTE_ADDED = "attribute-added"
ATTRIBUTE_RENAMED = "attribute-renamed"
BASE_CHANGED = "base-changed"
CLASS_GONE = "class-gone"
CLASS_MOVED = "class-moved"
ENUM_MEMBER_GONE = "enum-member-gone"
FIELD_ADDED = "field-added"
INIT_CHANGED = "init-changed"

CAUSE_NAMES = (
    ARGS_REACH_OTHER_PARAMETERS,
    CHAIN_DROPPED,
    CLASS_NOT_IMPORTABLE,
    CLASS_SENT_BY_VALUE,
    CRASHES_THE_RECEIVER,
    DROPPED_BY_PYTHON,
    DUMPS_FAILED,
    ENDS_A_PROCESS,
    HANGS_THE_RECEIVER,
    INIT_DOES_NOT_FIT_ARGS,
    INIT_REJECTS_ARGS,
    INIT_REWRITES_MESSAGE,
    INIT_TAKES_NO_ARGUMENTS,
    LINK_CANNOT_BE_REBUILT,
    LINK_CHANGED,
    LOADS_FAILED,
    MEMBER_CHANGED,
    REBUILT_OTHERWISE,
    RECEIVER_NOT_SET_UP,
    RECEIVER_TOO_OLD,
    RECONSTRUCTOR_NOT_IMPORTABLE,
    REDUCE_CHANGES_TYPE,
    REDUCE_DROPS_NOTES,
    REDUCE_DROPS_STATE,
    REDUCE_FAILED,
    REGISTERED_REDUCER_LOSES,
    RENAMED_BY_PROTOCOL,
    REPLACED_BY_CARRIER,
    SETSTATE_DROPS_STATE,
    SLOTS_NOT_CARRIED,
    STATE_CANNOT_BE_RESTORED,
    SUPPRESSION_FLIPPED,
    TRAVELS_ONLY_IN_TESTS,
    VALUE_CANNOT_BE_LOADED,
    VALUE_CANNOT_BE_PICKLED,
    VALUE_CHANGES,
)
"""All names, in alphabetical order."""

OF_RELEASES = (
    ATTRIBUTE_ADDED,
    ATTRIBUTE_RENAMED,
    BASE_CHANGED,
    CLASS_GONE,
    CLASS_MOVED,
    ENUM_MEMBER_GONE,
    FIELD_ADDED,
    INIT_CHANGED,
)
"""Names of the causes for which today's code does not read what an earlier release has pickled."""

EXPLAINED = (*CAUSE_NAMES, *OF_RELEASES)
"""Names of all causes that have a document."""

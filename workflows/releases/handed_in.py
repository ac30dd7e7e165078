"""What casework hands to processes besides the answers of forms and the results of operations.

A message that casework sends carries names and ids that no diagram sets, and so does a task that
writes rows of its own before it is completed. The checks take these names as known.
"""

HANDED_IN = frozenset(
    {
        # with a message
        "break_glass_id",
        "event_at",
        "into_case_id",
        "opened_by",
        "recipient_token",
        "searched_by",
        "user_id",
        "verified",
        # with a completed task
        "agreed_options",
        "assessor_id",
        "attempt_id",
        "consent_ids",
        "worker_id",
    }
)

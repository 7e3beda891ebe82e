"""Say whether a run only tries something out: then it registers no model and moves no alias."""

from __future__ import annotations

import os

from pipeline.project.place import copied_from
from pipeline.tracking.store.provenance import provenance_tags

# Set to register what a run makes all the same.
REGISTER = "REGISTER"
# Variables by which services say that a run is for a pull or merge request.
REQUEST_NUMBERS = (
    "CI_MERGE_REQUEST_IID",  # GitLab
    "BITBUCKET_PR_ID",
    "CHANGE_ID",  # Jenkins
    "CIRCLE_PULL_REQUEST",
    "SYSTEM_PULLREQUEST_PULLREQUESTID",  # Azure
)
HOW_TO_REGISTER = (
    "Commit what you want to keep and run make promote, or register this as it is:"
    f" make promote {REGISTER}=1"
)


def tryout() -> str | None:
    """Say what makes this run a mere trial; None if what it makes is to be registered."""
    if os.environ.get(REGISTER, "").strip() not in ("", "0"):
        return None
    if copied_from() or os.environ.get("DVC_EXP_BASELINE_REV"):
        return "this run is a DVC experiment"
    event = os.environ.get("GITHUB_EVENT_NAME", "")
    requests = [name for name in REQUEST_NUMBERS if os.environ.get(name)]
    if event.startswith("pull_request") or requests:
        return "this run is for a pull request"
    if provenance_tags().get("git_dirty") == "true":
        return "code or parameters are not committed"
    return None

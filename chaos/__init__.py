"""The fault campaign: break a run for real, run it to the end, and look for what was lost."""

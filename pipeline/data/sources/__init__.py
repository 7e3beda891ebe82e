"""The sources of tables; each gives the same record, `raw.Raw`."""

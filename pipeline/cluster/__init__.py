"""Train on a Dask cluster: the same bytes as in one process, computed by many."""

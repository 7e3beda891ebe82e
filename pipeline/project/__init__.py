"""The project's folder: paths, reading and writing files, the lock, running a stage."""

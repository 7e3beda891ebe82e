"""Say what is predicted and how it is judged: one record for each task and each metric."""

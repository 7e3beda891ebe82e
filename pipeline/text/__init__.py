"""Write numbers and texts for people."""

"""Where tables come from: every kind of source gives the same thing."""

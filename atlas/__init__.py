"""The atlas: whether regularization helps on each of a fixed list of real tables (`make atlas`)."""

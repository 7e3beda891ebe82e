"""Does regularization help this network on this data, which kind, and by how much?"""

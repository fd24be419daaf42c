"""mrterms beside other programs: the same words and notes for all, each in an environment of its own (see ../README.md)."""

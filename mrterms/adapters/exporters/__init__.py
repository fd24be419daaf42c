"""Annotations in the formats of other programs, a file a format; ``mrterms.adapters.targets`` knows them all."""

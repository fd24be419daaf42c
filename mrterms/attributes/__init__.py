"""What a sentence says about a mention: grade, attributes, measurements and codes."""

from mrterms.attributes.describer import Describer, Description, Target

__all__ = ["Describer", "Description", "Target"]

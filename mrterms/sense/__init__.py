"""Which concept an ambiguous short form means, why, and when to abstain."""

from mrterms.sense.model import Model, load_model, save_model
from mrterms.sense.resolve import DEFAULT_THRESHOLD, Hint, Resolver, Verdict
from mrterms.sense.settings import SETTINGS

__all__ = ["DEFAULT_THRESHOLD", "SETTINGS", "Hint", "Model", "Resolver", "Verdict", "load_model", "save_model"]

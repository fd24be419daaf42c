"""Gold, its markup, scores and reports."""

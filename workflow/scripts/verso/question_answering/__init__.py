"""Questions to documents: what finds the fragments that answer them, and how well."""

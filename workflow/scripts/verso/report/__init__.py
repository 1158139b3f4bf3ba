"""Report: tables, figures, the page."""

"""Text that lies in files."""

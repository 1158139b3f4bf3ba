"""The whole config: its types, its checks, its description."""

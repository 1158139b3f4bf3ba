"""Pretrained models: fetched or made small, loaded, adapted, made to write."""

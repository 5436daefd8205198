"""Trying a provider on its pages, for whoever writes or mends its module."""

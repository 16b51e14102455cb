"""Architectures, one a file: sizes in, logits out."""

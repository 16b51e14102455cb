"""What the columns of texts and labels are usually called."""

from seqlab.corpora.columns import Role

ROLES = (
    Role("text", ("text", "sentence", "content", "review", "description", "headline")),
    Role("label", ("label", "labels", "class", "category", "sentiment")),
)
"""The text and its label."""

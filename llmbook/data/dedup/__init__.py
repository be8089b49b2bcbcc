"""Duplicates at every level: documents, paragraphs, passages, near copies, evaluation data (sections 3.2.2 and 3.4)."""

"""Starting one training on many machines: the command for each, the checks before, the verdict after (section 4.4)."""

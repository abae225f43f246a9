"""One script a figure; each prints JSON lines, and ratios are to a named limit in the same run."""

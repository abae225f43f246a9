"""Papers and pictures: what a feature has worded is drawn, in a process of its own."""

"""Pages for people: where a bill is paid, and where its receipt is fetched on paper."""

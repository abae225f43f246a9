"""The organisation itself: branches, holidays, rule tables, and what is offered where and when."""

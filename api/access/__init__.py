"""Who is knocking, and for whom: keys, linked chats, grants, and the doors themselves."""

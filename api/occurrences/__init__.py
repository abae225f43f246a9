"""When each job of the timetable was due, who runs it, and that it ran once."""

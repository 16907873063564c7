"""Build, draw and grade the course. Notebooks for students import none of this."""

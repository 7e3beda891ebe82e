"""The comparison as a page for people: HTML, Markdown and figures."""

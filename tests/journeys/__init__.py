"""The course as people meet it: in a real browser, on real servers."""

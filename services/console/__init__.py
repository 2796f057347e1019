"""The web console: pages for editors, and for everyone else to look at. Served by the API's own application."""

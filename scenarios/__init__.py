"""The bundled scenarios: one module, one ``SCENARIO``; adding one edits no other file."""

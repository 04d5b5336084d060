"""The command line: one module a script; the only place that prints."""

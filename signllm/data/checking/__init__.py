"""The doctor: what a source or a store is, what is in it, and what is wrong with it, before anybody trains on it."""

"""Signing made of people: signs of a lexicon, averaged in step, given the detail of one person, and joined."""

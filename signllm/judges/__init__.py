"""Back-translation: a judge reads text (and gloss) from poses, so that generated signing can be scored for meaning.

A judge is trained on reference recordings only, travels as one file, and is always shown beside what it reads from
the references themselves: its ceiling.
"""

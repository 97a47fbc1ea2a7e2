"""Training: courses, classes that are attended, quizzes, certificates, counts per unit.

What counts is attendance that was verified: there while the class ran, and answering checks at
moments that nobody could foresee. That a page was opened to its end counts nothing
([docs/training.md](../../docs/training.md)).
"""

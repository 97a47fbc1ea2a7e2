"""Five-colour pregnancy risk: tables as data, a pure evaluator, and a dated history of grades."""

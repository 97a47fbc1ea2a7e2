"""Assessment rounds (年度评估): plan, self-check, assessment, feedback, putting right, export."""

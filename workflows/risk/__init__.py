"""Risk: assessments by each tool, the grade of a case, raising and lowering it."""

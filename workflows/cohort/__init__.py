"""The daily victim cohort: a CSV of recorded crimes, checked row by row, brought in as contacts."""

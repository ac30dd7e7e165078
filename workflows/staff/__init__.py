"""Who works here: roles, teams, skills, absences and the rota."""

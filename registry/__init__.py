"""Who and where: regions, facilities, people, accounts, pregnancies, newborns."""

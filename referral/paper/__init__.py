"""Paper: a case's documents as A4 PDF, with a code by which anybody may check one."""

"""DICOMweb (PS3.18) for one case: store, search, retrieve. Every address begins with the case.

No study is found across cases, and nothing of a study that waits for a person's word or was taken
out. Who she is is not told by a search: the asker named the case.
"""

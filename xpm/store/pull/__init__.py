"""What pulls store beside the records: runs, finished lists, checks of single jobs, quarantine."""

"""What pulls leave behind beside the records: runs, finished lists, checks of single jobs, quarantine."""

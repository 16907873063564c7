"""Look at a submission before it is graded."""
def check_submission(**_):
    return None

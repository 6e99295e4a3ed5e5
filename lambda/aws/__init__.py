"""The small signed client that the functions share. No boto3: it costs most of a cold start."""

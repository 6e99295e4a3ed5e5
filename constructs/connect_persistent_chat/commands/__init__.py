"""The `persistent-chat` command: what people do by hand. Needs the extra `commands`: boto3 and tqdm."""

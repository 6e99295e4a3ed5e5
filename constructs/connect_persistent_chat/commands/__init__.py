"""The `persistent-chat` command: what people do to a history by hand. Needs the extra `commands`: boto3 and tqdm."""

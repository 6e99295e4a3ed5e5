#!/usr/bin/env bash
# Continue a past chat with curl (7.84 or newer), and wait if the endpoint says so.
set -euo pipefail

body=$(mktemp)
trap 'rm -f "$body"' EXIT

for tries_left in 2 1 0; do
  answer=$(
    curl --silent --show-error --max-time 30 --request POST "$ENDPOINT_URL$CONTACT_ID" \
      --aws-sigv4 "aws:amz:$AWS_REGION:execute-api" --user "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
      ${AWS_SESSION_TOKEN:+--header "x-amz-security-token: $AWS_SESSION_TOKEN"} \
      --header "Content-Type: application/json" \
      --data "{\"RehydrationType\": \"ENTIRE_PAST_SESSION\", \"SourceContactId\": \"$SOURCE_CONTACT_ID\"}" \
      --output "$body" --write-out "%{http_code}|%header{x-amzn-errortype}|%header{retry-after}"
  )
  IFS="|" read -r status error seconds <<<"$answer"
  if [ "$status" = 200 ]; then
    echo "Continued: $(cat "$body")"
    exit
  fi
  if [ -z "$seconds" ] || [ "$tries_left" = 0 ]; then
    echo "$error: $(cat "$body")" >&2
    exit 1
  fi
  echo "The endpoint asks to wait $seconds s."
  sleep "$seconds"
done

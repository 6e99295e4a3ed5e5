# Continue a past chat with R and libcurl's own signature, and wait if the endpoint says so.
suppressPackageStartupMessages(library(curl))
library(jsonlite)

send <- function(contact_id, source_contact_id) {
  headers <- c("Content-Type" = "application/json")
  # Temporary credentials have a token.
  if (nzchar(Sys.getenv("AWS_SESSION_TOKEN"))) {
    headers["x-amz-security-token"] <- Sys.getenv("AWS_SESSION_TOKEN")
  }
  fields <- list(RehydrationType = "ENTIRE_PAST_SESSION", SourceContactId = source_contact_id)
  handle <- new_handle(
    aws_sigv4 = paste0("aws:amz:", Sys.getenv("AWS_REGION"), ":execute-api"),
    userpwd = paste0(Sys.getenv("AWS_ACCESS_KEY_ID"), ":", Sys.getenv("AWS_SECRET_ACCESS_KEY")),
    copypostfields = toJSON(fields, auto_unbox = TRUE),
    timeout = 30
  )
  handle_setheaders(handle, .list = as.list(headers))
  curl_fetch_memory(paste0(Sys.getenv("ENDPOINT_URL"), contact_id), handle)
}

continue_chat <- function(contact_id, source_contact_id, most_tries = 3) {
  for (attempt in seq_len(most_tries)) {
    answer <- send(contact_id, source_contact_id)
    headers <- parse_headers_list(answer$headers)
    body <- fromJSON(rawToChar(answer$content))
    if (answer$status_code == 200) {
      return(body$ContinuedFromContactId)
    }
    seconds <- headers[["retry-after"]]
    if (is.null(seconds) || attempt == most_tries) {
      stop(headers[["x-amzn-errortype"]], ": ", body$message, call. = FALSE)
    }
    message("The endpoint asks to wait ", seconds, " s.")
    Sys.sleep(as.numeric(seconds))
  }
}

cat("Continued from", continue_chat(Sys.getenv("CONTACT_ID"), Sys.getenv("SOURCE_CONTACT_ID")), "\n")

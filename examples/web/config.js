// All values that a company changes. docs/chat-page.md says where each value comes from. No value is a secret.
export default {
  // Where people sign in: the same text as `iss` in the tokens, and the client that they sign in to.
  issuer: "https://example.okta.com",
  clientId: "0oa1example2client3",
  scope: "openid profile",
  // Ask at each sign-in who it is: on a shared computer it may be somebody else. Google takes "select_account" instead.
  prompt: "login",
  // The stack's outputs.
  startUrl: "https://abc123.execute-api.us-east-1.amazonaws.com/v1/contact/chat",
  endpointUrl:
    "https://abc123.execute-api.us-east-1.amazonaws.com/v1/contact/persistent-contact-association/11111111-1111-4111-8111-111111111111/",
  // The region of the Amazon Connect instance.
  region: "us-east-1",
};

// Start the chat of a customer who signed in, with the AWS SDK for JavaScript v3.
import { ConnectClient, StartChatContactCommand } from "@aws-sdk/client-connect";

const { START_URL, ID_TOKEN } = process.env;

const client = new ConnectClient({
  // The client itself adds this path.
  endpoint: START_URL.replace("/contact/chat", ""),
  // Any region: the client needs one, but here it changes nothing.
  region: "us-east-1",
  // The client asks for credentials even if nothing is signed. These are no secret.
  credentials: { accessKeyId: "none", secretAccessKey: "none" },
  signer: {
    sign: async (request) => {
      request.headers.authorization = `Bearer ${ID_TOKEN}`;
      return request;
    },
  },
});
// The SDK's answer has no headers. So this copies the header that says why no past chat is continued.
client.middlewareStack.add((next) => async (args) => {
  const result = await next(args);
  result.output.NotContinued = result.response.headers["x-persistent-chat-not-continued"];
  return result;
});
const started = await client.send(new StartChatContactCommand({ ParticipantDetails: { DisplayName: "Ann" } }));
console.log(started.ContactId, started.ContinuedFromContactId ?? started.NotContinued ?? "There is no past chat.");

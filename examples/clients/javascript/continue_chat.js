// Continue a past chat with the AWS SDK for JavaScript v3, and wait if the endpoint says so.
import { setTimeout as sleep } from "node:timers/promises";
import {
  ConnectClient,
  ConnectServiceException,
  CreatePersistentContactAssociationCommand,
} from "@aws-sdk/client-connect";

const MOST_TRIES = 3;

// <stage>/contact/persistent-contact-association/<instance id>/: the client itself makes the path.
const [stageUrl, path] = process.env.ENDPOINT_URL.split("/contact/");
const client = new ConnectClient({
  endpoint: stageUrl,
  // The request goes to API Gateway, so it is signed for API Gateway and not for Amazon Connect.
  signingName: "execute-api",
});

async function continueChat(instanceId, contactId, sourceContactId) {
  const command = new CreatePersistentContactAssociationCommand({
    InstanceId: instanceId,
    InitialContactId: contactId,
    RehydrationType: "ENTIRE_PAST_SESSION",
    SourceContactId: sourceContactId,
  });
  for (let triesLeft = MOST_TRIES - 1; ; triesLeft--) {
    try {
      return (await client.send(command)).ContinuedFromContactId;
    } catch (error) {
      // The SDK repeats 429 and 5xx by itself, but never a 400.
      const seconds = error.$response?.headers["retry-after"];
      if (seconds === undefined || triesLeft === 0) throw error;
      console.log(`The endpoint asks to wait ${seconds} s.`);
      await sleep(Number(seconds) * 1000);
    }
  }
}

const [, instanceId] = path.split("/");
const { CONTACT_ID, SOURCE_CONTACT_ID } = process.env;
try {
  console.log(`Continued from ${await continueChat(instanceId, CONTACT_ID, SOURCE_CONTACT_ID)}`);
} catch (error) {
  // Amazon Connect's errors have classes of their own: ResourceNotFoundException, InvalidRequestException, ...
  if (!(error instanceof ConnectServiceException)) throw error;
  console.error(`${error.name}: ${error.message}`);
  process.exitCode = 1;
}

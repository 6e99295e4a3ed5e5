// Amazon's own chat client in Node, as a page would use it. Each line of stdin is one call. Each line of stdout is the
// outcome of a call, or an event. The client expects a window. Node has all parts of a window that the client needs.
import { createInterface } from "node:readline";

globalThis.window = globalThis.self = globalThis;
globalThis.addEventListener ??= () => {};
Object.defineProperty(navigator, "onLine", { value: true });
// The client's own logs must not go to stdout, between the lines.
for (const level of ["log", "debug", "info", "warn"]) console[level] = () => {};
await import("amazon-connect-chatjs");

const tell = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const EVENTS = [
  "onConnectionEstablished", "onConnectionLost", "onConnectionBroken", "onMessage", "onTyping", "onEnded",
  "onChatRehydrated", "onParticipantJoined", "onParticipantLeft", "onTransferSucceeded", "onReadReceipt",
  "onDeliveredReceipt",
];
let session;

function create({ endpoint, chatDetails }) {
  const { connect } = globalThis;
  connect.ChatSession.setGlobalConfig({ region: "us-east-1", endpoint });
  session = connect.ChatSession.create({
    chatDetails, options: { region: "us-east-1" }, type: "CUSTOMER", disableCSM: true,
  });
  for (const event of EVENTS) session[event]?.((told) => tell({ event, data: told?.data ?? null }));
}

for await (const line of createInterface({ input: process.stdin })) {
  const { call, args } = JSON.parse(line);
  try {
    const result = call === "create" ? create(args) : await session[call](args);
    tell({ call, result: result?.data ?? null });
  } catch (error) {
    tell({ call, error: { type: error?.type ?? null, message: String(error?.message ?? error) } });
  }
}
process.exit(0);

// A chat page: sign in, start a chat with one call, and see the past chat above it. docs/chat-page.md explains it.
import config from "./config.js";

const { ChatSession } = window.connect;
const PAGE_SIZE = 100;
const MOST_TRIES = 5;
const EVENT = "application/vnd.amazonaws.connect.event.";
const UNREACHABLE = "The chat cannot be reached. Check your connection, and try again.";
// ChatJS does not say which of the two is true.
const GONE = "The chat has ended, or cannot be reached.";
const byId = Object.fromEntries(Array.from(document.querySelectorAll("[id]"), (element) => [element.id, element]));
const { log, status, composer, text } = byId;
const here = location.origin + location.pathname;

// These values survive a reload, but not the end of the tab: the ID token, the chat, and the work that is left.
const kept = JSON.parse(sessionStorage.getItem("chat") ?? "{}");
const keep = (changes) => sessionStorage.setItem("chat", JSON.stringify(Object.assign(kept, changes)));

async function ask(url, options) {
  const answer = await fetch(url, options).catch((cause) => {
    throw new Error(UNREACHABLE, { cause });
  });
  // An error may have no JSON.
  return [await answer.json().catch(() => ({})), answer];
}

// Sign in: the code flow with PKCE (OpenID Connect Core 1.0, RFC 7636).

const encoded = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replace(/[+/=]/g, (sign) => ({ "+": "-", "/": "_" })[sign] ?? "");
const random = () => encoded(crypto.getRandomValues(new Uint8Array(32)));

function claimsOf(token) {
  const json = atob(token.split(".")[1].replace(/-/g, "+").replace(/_/g, "/"));
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(json, (sign) => sign.charCodeAt(0))));
}

async function signIn() {
  const address = config.discoveryUrl ?? `${config.issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const [issuer, answer] = await ask(address);
  if (!answer.ok) throw new Error(UNREACHABLE);
  if (issuer.issuer !== config.issuer) throw new Error("The issuer's name is not the name in config.js.");
  const [verifier, state, nonce] = [random(), random(), random()];
  const challenge = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier));
  keep({ signingIn: { verifier, state, nonce, tokenUrl: issuer.token_endpoint } });
  const there = new URL(issuer.authorization_endpoint);
  for (const [name, value] of Object.entries({
    response_type: "code",
    client_id: config.clientId,
    redirect_uri: here,
    scope: config.scope,
    state,
    nonce,
    code_challenge: encoded(challenge),
    code_challenge_method: "S256",
    ...(config.prompt && { prompt: config.prompt }),
  }))
    there.searchParams.set(name, value);
  location.assign(there);
}

const refused = (why) => new Error(`You are not signed in${why ? ` (${why})` : ""}. Sign in again.`);

async function signedIn(back) {
  const { verifier, state, nonce, tokenUrl } = kept.signingIn ?? {};
  // Take the code out of the browser's history, and use each state only once.
  history.replaceState(null, "", here);
  keep({ signingIn: undefined });
  if (!state || back.get("state") !== state) throw new Error("This sign-in was not started here. Sign in again.");
  if (!back.has("code")) throw refused(back.get("error"));
  const form = { grant_type: "authorization_code", code: back.get("code"), client_id: config.clientId };
  const body = new URLSearchParams({ ...form, redirect_uri: here, code_verifier: verifier });
  const [{ id_token: idToken, error }] = await ask(tokenUrl, { method: "POST", body });
  const claims = idToken ? claimsOf(idToken) : {};
  if (!idToken || claims.nonce !== nonce) throw refused(error);
  // Somebody else gets nothing of the person before.
  if (kept.customer !== claims.sub) keep({ chat: undefined, later: undefined, clientToken: undefined });
  keep({ idToken, customer: claims.sub });
}

let leaving = false;
async function signOut() {
  leaving = true;
  for (const name of Object.keys(kept)) delete kept[name];
  sessionStorage.removeItem("chat");
  // Nobody can come back to this chat: what opens it is gone. The page waits for the end, but not for long.
  const ends = session?.disconnectParticipant().catch(() => {});
  await Promise.race([ends, new Promise((resolve) => setTimeout(resolve, 2000))]);
  location.replace(here);
}

// The endpoint: start a chat, and continue the past chat later.

const expired = () => `You are not signed in any more. Sign in again${kept.chat ? " to see your earlier chat" : ""}.`;

async function call(method, url, body) {
  const headers = { Authorization: `Bearer ${kept.idToken}`, "Content-Type": "application/json" };
  const [document, answer] = await ask(url, { method, headers, body: JSON.stringify(body) });
  if (answer.status === 401 || answer.status === 403) {
    keep({ idToken: undefined });
    throw new Error(expired());
  }
  return { ok: answer.ok, seconds: Number(answer.headers.get("Retry-After")), ...document };
}

async function start() {
  // A second click and a retry use the same token, so that only one chat starts.
  keep({ clientToken: kept.clientToken ?? crypto.randomUUID() });
  const started = await call("PUT", config.startUrl, {
    ParticipantDetails: { DisplayName: String(claimsOf(kept.idToken).name ?? "Customer").slice(0, 256) },
    ClientToken: kept.clientToken,
  });
  if (!started.ok) {
    throw new Error(`The chat cannot start now. Try again ${started.seconds ? `in ${started.seconds} s` : "later"}.`);
  }
  const { ContactId: contactId, ParticipantId: participantId, ParticipantToken: participantToken } = started;
  keep({ clientToken: undefined, chat: { contactId, participantId, participantToken } });
  items = [];
  looked = false;
  drawn.clear();
  wait(started.NotContinued?.RetryAfterSeconds, 1);
  await open();
}

// If the earlier chat cannot be shown yet, it is continued later. The answer of the endpoint says when.
function wait(seconds, tries) {
  keep({ later: seconds && tries <= MOST_TRIES ? { at: Date.now() + seconds * 1000, tries } : undefined });
  continueLater();
}

let timer;
function continueLater() {
  clearTimeout(timer);
  if (!kept.later || !kept.idToken) return;
  timer = setTimeout(
    act(async () => {
      const answer = await call("POST", config.endpointUrl + kept.chat.contactId, {});
      wait(answer.ok ? 0 : answer.seconds, kept.later.tries + 1);
    }),
    kept.later.at - Date.now(),
  );
}

// The chat: Amazon's ChatJS.

let session;
async function open() {
  const opened = ChatSession.create({
    chatDetails: kept.chat,
    options: { region: config.region },
    type: ChatSession.SessionTypes.CUSTOMER,
    disableCSM: true,
  });
  // What an earlier session reports says nothing of the present one.
  const ours = (does) => (event) => opened === session && does(event);
  // ChatJS reports this once before the socket is open, and then each time that the socket has opened.
  opened.onConnectionEstablished(ours(() => {
    act(() => inTurn(newest))();
    // The socket gets messages a moment later, and ChatJS does not say when. So look for those before once more.
    setTimeout(ours(act(() => inTurn(() => newest(true)))), 2000);
  }));
  opened.onConnectionLost(ours(() => tell("The connection is lost. Trying again …")));
  opened.onConnectionBroken(ours(() => closed(GONE)));
  opened.onMessage(ours(({ data }) => add([data]) && isMine(data) || calm()));
  opened.onTyping(ours(({ data }) => isMine(data) || tell(`${nameOf(data)} is typing …`, 5)));
  // Amazon's own page waits here, too: the transcript needs a moment.
  opened.onChatRehydrated(ours(() => setTimeout(ours(act(() => inTurn(past))), 1000)));
  opened.onEnded(ours(ended));
  tell("Connecting …");
  await opened.connect().catch((cause) => {
    throw new Error(GONE, { cause });
  });
  session = opened;
  show();
  text.focus();
}

function closed(sentence) {
  session = undefined;
  tell(sentence);
  show();
}

function ended() {
  // After a sign-out nothing is kept, not even this.
  if (!kept.chat) return;
  clearTimeout(timer);
  keep({ chat: undefined, later: undefined });
  closed("The chat has ended.");
  byId[kept.idToken ? "start" : "sign-in"].focus();
}

let unsent;
async function send() {
  const message = text.value.trim();
  if (!message) return;
  // If the answer was lost, and the customer sends the message again, it is the same message.
  if (unsent?.message !== message) unsent = { message, clientToken: crypto.randomUUID() };
  const sent = await session.sendMessage({ contentType: "text/plain", ...unsent }).catch((cause) => {
    throw new Error("Your message was not sent. Send it again.", { cause });
  });
  unsent = undefined;
  if (text.value.trim() === message) text.value = "";
  const mine = { ContentType: "text/plain", Content: message, ParticipantRole: "CUSTOMER", Type: "MESSAGE" };
  add([{ ...sent.data, ...mine }]);
}

// The transcript is read from its newest page back. An item of a past chat names this chat in RelatedContactId.

let items = [];
// The token of the next older page, or null if there is none. A new connection needs a new token.
let token = null;
// Whether there may be older items than the items on the page.
let more = false;
// Whether the transcript of this chat was read.
let looked = false;

// Reads run one after another, because they share the token.
let reading = Promise.resolve();
// The session whose transcript is read. Meanwhile it may have ended, and the next chat may have begun.
let reader;
const inTurn = (read) => (reading = reading.catch(() => {}).then(async () => {
  reader = session;
  try {
    if (reader) await read();
  } catch (cause) {
    if (session !== reader || leaving) return;
    if (cause.statusCode !== 403) throw cause;
    closed(GONE);
  }
}));

async function page(nextToken) {
  const asked = { scanDirection: "BACKWARD", sortOrder: "ASCENDING", maxResults: PAGE_SIZE };
  const { data } = await reader.getTranscript(nextToken ? { ...asked, nextToken } : asked);
  // Nobody is told: see inTurn.
  if (session !== reader) throw new Error("This is the transcript of an earlier session.");
  token = data.NextToken ?? null;
  return data.Transcript;
}

// Reads all new items, even if they fill several pages. The first time, it reads one page and then older items.
async function newest(isAgain) {
  let found = await page();
  const isFirst = !looked;
  looked = true;
  while (add(found, isFirst) === found.length && !isFirst && token) found = await page(token);
  if (isFirst || !isAgain) calm();
  if (isFirst) await older();
}

// Reads older pages until one has an item that is new here.
async function older() {
  while (token !== null && !add(await page(token), true));
  more = token !== null;
  draw(true);
}

async function past() {
  // Read the newest page again: its token now leads to the past chat, too.
  add(await page());
  await older();
  tell("Your earlier chat is above.", 5);
}

// Adds each item once, in order, the past first. Returns how many were new. Past items are not read out.
function add(found, isPast = false) {
  const known = new Set(items.map((item) => item.Id));
  const rest = items.filter((item) => !found.some((one) => one.Id === item.Id));
  const now = (item) => Number(!item.RelatedContactId);
  const time = (item) => Date.parse(item.AbsoluteTime);
  const both = isPast ? [...found, ...rest] : [...rest, ...found];
  items = both.filter((item) => item.Id).sort((a, b) => now(a) - now(b) || time(a) - time(b));
  draw(isPast);
  return found.filter((item) => !known.has(item.Id)).length;
}

// The page: text only, never markup.

const at = (iso, style) => new Intl.DateTimeFormat(document.documentElement.lang, style).format(new Date(iso));
const isMine = (item) => item.ParticipantRole === "CUSTOMER";
const nameOf = (item) => item.DisplayName || (item.ParticipantRole === "AGENT" ? "The agent" : "The assistant");

function element(name, className, ...content) {
  const made = document.createElement(name);
  made.className = className;
  made.append(...content);
  return made;
}

const NOTES = {
  "participant.joined": (item) => !isMine(item) && `${nameOf(item)} joined`,
  "participant.left": (item) => !isMine(item) && `${nameOf(item)} left`,
  "transfer.succeeded": () => "You were transferred",
};

function line(item) {
  if (item.Type === "EVENT") {
    const note = NOTES[item.ContentType.replace(EVENT, "")]?.(item);
    return note && element("p", "note", note);
  }
  const files = item.Attachments?.map((file) => file.AttachmentName).join(", ");
  if (item.Type !== "MESSAGE" && !files) return undefined;
  const isText = item.ContentType?.startsWith("text/");
  const who = element("span", "who", `${isMine(item) ? "You" : nameOf(item)}, `, clock(item, { timeStyle: "short" }));
  const what = files ? `File: ${files}` : isText ? item.Content : "This page cannot show this message.";
  return element("p", isMine(item) ? "message mine" : "message", who, what);
}

function clock(item, style) {
  const made = element("time", "", at(item.AbsoluteTime, style));
  made.dateTime = item.AbsoluteTime;
  return made;
}

// An element that was drawn stays as it is, so that a screen reader reads nothing twice.
const drawn = new Map();
function once(key, make) {
  if (!drawn.has(key)) drawn.set(key, make());
  return drawn.get(key);
}

function draw(isPast) {
  const [full, medium] = ["full", "medium"].map((dateStyle) => ({ dateStyle, timeStyle: "short" }));
  const lines = more ? [once("earlier", earlier)] : [];
  const shown = items.filter((item) => once(item.Id, () => line(item)));
  shown.forEach((item, index) => {
    const contact = item.RelatedContactId;
    if (contact && contact !== shown[index - 1]?.RelatedContactId)
      lines.push(once(contact, () => element("p", "note", clock(item, full))));
    lines.push(drawn.get(item.Id));
    if (contact && !shown[index + 1]?.RelatedContactId) {
      const until = () => element("span", "", "Your earlier chat ended ", clock(item, medium));
      lines.push(once("divider", () => element("p", "divider", until())));
    }
  });
  const fromEnd = log.scrollHeight - log.scrollTop - log.clientHeight;
  log.ariaLive = isPast ? "off" : "polite";
  lines.forEach((one, index) => log.children[index] === one || log.insertBefore(one, log.children[index] ?? null));
  while (log.children.length > lines.length) log.lastChild.remove();
  if (fromEnd < 40) log.scrollTop = log.scrollHeight;
  else if (isPast) log.scrollTop = log.scrollHeight - log.clientHeight - fromEnd;
}

function earlier() {
  const made = element("button", "quiet earlier", "Show earlier messages");
  made.addEventListener("click", act(() => inTurn(older)));
  return made;
}

let telling;
function tell(sentence, seconds) {
  clearTimeout(telling);
  status.textContent = sentence;
  if (seconds) telling = setTimeout(calm, seconds * 1000);
}

// The status while nothing happens.
function calm() {
  // The sentence stays true while it is shown. A countdown would be read out each time.
  const minutes = Math.ceil((kept.later?.at - Date.now()) / 60_000);
  const early = minutes > 0 ? `Your earlier chat will appear in less than ${minutes} min.` : "";
  const sentence = kept.later && !kept.idToken ? expired() : early;
  // A screen reader reads out what is set, also if it is the same.
  if (sentence !== status.textContent) tell(sentence);
}

function show() {
  // After a sign-out the page loads anew. Until then there is nothing to press.
  if (leaving) return;
  byId["sign-in"].hidden = Boolean(kept.idToken);
  byId["sign-out"].hidden = !kept.idToken && !kept.chat;
  byId.start.hidden = !kept.idToken || Boolean(session);
  byId.again.hidden = !kept.chat || Boolean(session);
  composer.hidden = !session;
  log.hidden = !session && items.length === 0;
}

// Tells each error in a sentence. A button does nothing while its work still runs.
function act(doIt, button) {
  return async (event) => {
    event?.preventDefault?.();
    if (button?.disabled) return;
    if (button) button.disabled = true;
    try {
      await doIt(event);
    } catch (error) {
      // Only the page's own sentences are for customers.
      tell(error.name === "Error" ? error.message : UNREACHABLE);
    }
    if (button) button.disabled = false;
    show();
  };
}

// This policy is stricter than the policy in index.html: the page can call these hosts only.
function allowOnly(...addresses) {
  const policy = document.createElement("meta");
  policy.httpEquiv = "Content-Security-Policy";
  policy.content = `connect-src ${[...new Set(addresses.filter(Boolean))].join(" ")}`;
  document.head.append(policy);
}

act(async () => {
  const participant = config.participantUrl ?? `https://participant.connect.${config.region}.amazonaws.com`;
  const socket = config.participantUrl?.replace(/^http/, "ws") ?? `wss://*.transport.connect.${config.region}.amazonaws.com`;
  const called = [config.discoveryUrl ?? config.issuer, kept.signingIn?.tokenUrl, config.startUrl, config.endpointUrl];
  allowOnly(...called.map((url) => url && new URL(url).origin), participant, socket);
  ChatSession.setGlobalConfig({ region: config.region, endpoint: config.participantUrl });
  byId["sign-in"].addEventListener("click", act(signIn, byId["sign-in"]));
  byId["sign-out"].addEventListener("click", act(signOut, byId["sign-out"]));
  byId.start.addEventListener("click", act(start, byId.start));
  byId.again.addEventListener("click", act(open, byId.again));
  byId.end.addEventListener("click", act(() => session.disconnectParticipant(), byId.end));
  composer.addEventListener("submit", act(send, composer.querySelector("button")));
  text.addEventListener("input", () => session?.sendEvent({ contentType: `${EVENT}typing` })?.catch(() => {}));
  text.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    composer.requestSubmit();
  });
  const back = new URLSearchParams(location.search);
  if (back.has("state")) await signedIn(back);
  tell(kept.idToken || kept.chat ? "" : "Sign in to chat with us, and to see your earlier chat.");
  if (kept.chat) await open();
  continueLater();
})();

import { learnRole, showControls } from './director.js';
import { find } from './elements.js';
import { showAgents, showConversations, showEmpty, showHead } from './page.js';
import { evolve, Transcript } from './record.js';
import { Denied, follow, pages, useToken } from './router.js';
import { showTranscript } from './transcript.js';

/**
 * @typedef {import('./record.js').Agent} Agent
 * @typedef {import('./record.js').Conversation} Conversation
 * @typedef {import('./record.js').Entry} Entry
 */

/** @type {Agent[]} */
let agents = [];
/** @type {Map<string, Conversation>} */
const conversations = new Map();
/** The conversation on view. @type {string | undefined} */
let chosen;
let transcript = new Transcript();
let missing = false;
/** Why the router shows nothing to us. @type {Denied | undefined} */
let denied;
/** Nothing is said about what is there before it is known. */
let loaded = false;
/** An ended conversation is read from its beginning, a running one is followed. */
let fresh = true;

const loadAgents = async () => {
  /** @type {Agent[]} */
  const all = [];
  for await (const page of pages('v1/agents')) all.push(...page.agents);
  agents = all;
  draw();
};

/** The newest ones are listed; older ones are found by their address. */
const mostListed = 100;

const loadConversations = async () => {
  const ids = new Set();
  for await (const page of pages(`v1/conversations?limit=${mostListed}`)) {
    for (const one of page.conversations) {
      ids.add(one.id);
      if ((conversations.get(one.id)?.seq ?? 0) <= one.seq) conversations.set(one.id, one);
    }
    loaded = true;
    draw();
    if (ids.size >= mostListed) break;
  }
  for (const id of conversations.keys()) if (!ids.has(id) && id !== chosen) conversations.delete(id);
  loaded = true;
  draw();
};

/** Loads what the page does not have of the chosen conversation. */
const loadChosen = async () => {
  const id = chosen;
  if (id === undefined) return;
  let found = false;
  for await (const page of pages(`v1/conversations/${encodeURIComponent(id)}?since=${transcript.complete}`)) {
    if (id !== chosen) return;
    found = true;
    if ((conversations.get(id)?.seq ?? 0) <= page.conversation.seq) conversations.set(id, page.conversation);
    for (const entry of page.entries) transcript.add(entry);
    draw();
  }
  if (id !== chosen) return;
  missing = !found;
  if (!found) conversations.delete(id);
  draw();
};

const pauseMs = 1_000;
/** Runs `load` now or soon, but not more than once in a second. @param {() => Promise<void>} load */
const spaced = (load) => {
  let running = false;
  let again = false;
  const run = async () => {
    if (running) {
      again = true;
      return;
    }
    running = true;
    // What cannot be loaded now is loaded when the stream of events is back.
    await load().catch((error) => error instanceof Denied || console.info(error));
    setTimeout(() => {
      running = false;
      if (again) void run();
      again = false;
    }, pauseMs);
  };
  return () => void run();
};
const refreshAgents = spaced(loadAgents);
const refreshConversations = spaced(loadConversations);
const refreshChosen = spaced(loadChosen);

/** @param {{ conversation: string, entry: Entry }} event */
const onEntry = ({ conversation: id, entry }) => {
  const next = evolve(conversations.get(id), id, entry);
  if (next) conversations.set(id, next);
  else refreshConversations();
  if (id === chosen) {
    transcript.add(entry);
    if (transcript.complete < entry.seq) refreshChosen();
  }
  refreshAgents();
  draw();
};

/** @param {{ conversation: string, turn: number, from: string, text: string }} chunk */
const onChunk = (chunk) => {
  if (chunk.conversation !== chosen) return;
  transcript.write(chunk);
  draw();
};

/** @param {'live' | 'connecting…' | 'sign in'} state */
const showLink = (state) => {
  find('link').dataset.state = state;
  find('link').textContent = state;
};

/** @param {string} event @param {any} data */
const onEvent = (event, data) => {
  if (event === 'entry') onEntry(data);
  else if (event === 'chunk') onChunk(data);
  else if (event === 'agents') refreshAgents();
};

const start = async () => {
  denied = undefined;
  draw();
  denied = await follow({
    onOpen: () => {
      showLink('live');
      learnRole().catch(console.info);
      refreshAgents();
      refreshConversations();
      refreshChosen();
    },
    onLost: () => {
      showLink('connecting…');
      transcript.drafts.clear();
    },
    onEvent,
  });
  showLink('sign in');
  draw();
};

const atBottom = () => innerHeight + scrollY >= document.documentElement.scrollHeight - 80;
const toBottom = () => scrollTo({ top: document.documentElement.scrollHeight });

let drawing = false;
/** Draws once before the next frame, however much has changed. */
const draw = () => {
  if (drawing) return;
  drawing = true;
  requestAnimationFrame(() => {
    drawing = false;
    const conversation = chosen === undefined ? undefined : conversations.get(chosen);
    const wanted = /** @type {HTMLInputElement} */ (find('filter')).value.trim().toLowerCase();
    const shown = [...conversations.values()]
      .filter((one) =>
        [one.id, one.topic, one.status, one.ending?.reason, ...one.members]
          .join(' ')
          .toLowerCase()
          .includes(wanted),
      )
      .sort((a, b) => b.startedAt - a.startedAt);
    const follows = atBottom() && !(fresh && conversation?.status === 'ended');
    if (transcript.entries.length > 0) fresh = false;
    document.body.classList.toggle('chosen', conversation !== undefined);
    showAgents(agents);
    showConversations(shown, conversations.size, chosen);
    showControls(conversation, agents);
    find('sign-in').hidden = denied === undefined;
    find('sign-in-why').textContent = denied?.message ?? '';
    find('conversation').hidden = conversation === undefined || denied !== undefined;
    find('empty').hidden = conversation !== undefined || denied !== undefined || !loaded;
    if (!conversation) return showEmpty({ agents, conversations: conversations.size, missing });
    showHead(conversation, transcript, Date.now());
    showTranscript(conversation, transcript);
    if (follows) toBottom();
    find('latest').hidden = atBottom();
    return undefined;
  });
};

const choose = () => {
  const id = decodeURIComponent(location.hash.slice(2)) || undefined;
  if (id === chosen) return;
  chosen = id;
  missing = false;
  fresh = true;
  transcript = new Transcript();
  find('transcript').replaceChildren();
  document.title = 'Parley';
  refreshChosen();
  scrollTo({ top: 0 });
  draw();
};

const snippet = `const ws = new WebSocket('${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}');
ws.onopen = () => {
  ws.send('{"type":"register","name":"carol"}');
  ws.send('{"target":"alice","text":"Hello, Alice!"}');
};
ws.onmessage = ({ data }) => console.log(data);`;

find('snippet').textContent = snippet;
const copySnippet = async () => {
  try {
    await navigator.clipboard.writeText(snippet);
    find('copy').textContent = 'Copied';
  } catch {
    // Not every page may use the clipboard: leave the text selected, ready to be copied.
    getSelection()?.selectAllChildren(find('snippet'));
    find('copy').textContent = 'Press Ctrl+C';
  }
  setTimeout(() => {
    find('copy').textContent = 'Copy';
  }, 2_000);
};
find('copy').addEventListener('click', () => void copySnippet());
find('filter').addEventListener('input', draw);
find('latest').addEventListener('click', toBottom);
addEventListener('scroll', () => {
  find('latest').hidden = atBottom();
});
addEventListener('hashchange', choose);
// The clock of a running conversation, and why somebody waits, which no entry tells.
setInterval(() => {
  const conversation = chosen === undefined ? undefined : conversations.get(chosen);
  if (!conversation || conversation.status === 'ended') return;
  if (conversation.floor.length > 0 && !document.hidden) refreshChosen();
  draw();
}, 1_000);
find('sign-in').addEventListener('submit', (event) => {
  event.preventDefault();
  useToken(/** @type {HTMLInputElement} */ (find('token')).value.trim());
  void start();
});
choose();
void start();

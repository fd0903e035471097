/**
 * Puts what is known on the page. Whatever came from a peer goes in as text, never as markup.
 *
 * @typedef {import('./record.js').Agent} Agent
 * @typedef {import('./record.js').Conversation} Conversation
 * @typedef {import('./record.js').Entry} Entry
 * @typedef {import('./record.js').Transcript} Transcript
 */

/** @param {string} id */
export const find = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/**
 * An element with classes, text and children.
 * @param {string} tag Tag and classes: `span.name`.
 * @param {...(string | Node | false)} children
 */
const make = (tag, ...children) => {
  const [name = '', ...classes] = tag.split('.');
  const element = document.createElement(name);
  element.classList.add(...classes);
  element.append(...children.filter((child) => child !== false));
  return element;
};

/**
 * Brings the children of `parent` in line with `items`, keeping the nodes of those that stay: focus and selection survive.
 * @template T
 * @param {HTMLElement} parent
 * @param {readonly T[]} items
 * @param {(item: T) => string} keyOf
 * @param {(item: T, old: HTMLElement | undefined) => HTMLElement} render
 */
const reconcile = (parent, items, keyOf, render) => {
  const old = new Map(
    [...parent.children].map((child) => [/** @type {HTMLElement} */ (child).dataset.key, child]),
  );
  let place = parent.firstElementChild;
  for (const item of items) {
    const key = keyOf(item);
    const node = render(item, /** @type {HTMLElement | undefined} */ (old.get(key)));
    node.dataset.key = key;
    old.delete(key);
    if (node === place) place = place.nextElementSibling;
    else parent.insertBefore(node, place);
  }
  for (const node of old.values()) node.remove();
};

const number = new Intl.NumberFormat();
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' });

/** @param {number} ms */
const seconds = (ms) => (ms < 10_000 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`);

/** Minutes and seconds. @param {number} ms */
const duration = (ms) => {
  const whole = Math.max(0, Math.round(ms / 1000));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
};

/** @param {number} value @param {number} limit 0 is none. */
const against = (value, limit) =>
  limit > 0 ? `${number.format(value)} of ${number.format(limit)}` : number.format(value);

/** @param {Conversation} conversation */
const titleOf = ({ topic, members }) => topic ?? members.join(', ');

/** @param {Conversation} conversation */
const statusOf = ({ status, ending }) => ending?.reason ?? status;

/** One of eight colours: the same for a member as long as the conversation lasts. @param {number} index */
const voice = (index) => `voice-${Math.max(0, index) % 8}`;

/** @param {readonly Agent[]} agents */
export const showAgents = (agents) => {
  find('agent-count').textContent = String(agents.length);
  reconcile(
    find('agents'),
    agents,
    ({ name }) => name,
    (agent, old) => {
      const node = old ?? make('li');
      const detail = [
        agent.dialect === 'plain' && 'plain',
        agent.replicas > 1 && `${agent.replicas} replicas`,
        agent.capacity > 0 && `${agent.active}/${agent.capacity}`,
      ].filter(Boolean);
      node.classList.toggle('busy', agent.active > 0);
      node.title = `${agent.active} of ${agent.capacity || 'any number of'} turns under way`;
      node.replaceChildren(make('span.name', agent.name), make('span.detail', detail.join(' · ')));
      return node;
    },
  );
};

/** @param {readonly Conversation[]} shown @param {number} all @param {string | undefined} chosen */
export const showConversations = (shown, all, chosen) => {
  find('conversation-count').textContent = shown.length < all ? `${shown.length} of ${all}` : String(all);
  find('filter').hidden = all < 6;
  reconcile(
    find('conversations'),
    shown,
    ({ id }) => id,
    (conversation, old) => {
      const node = /** @type {HTMLAnchorElement} */ (old ?? make('a'));
      node.href = `#/${encodeURIComponent(conversation.id)}`;
      node.dataset.status = conversation.status;
      if (conversation.id === chosen) node.setAttribute('aria-current', 'true');
      else node.removeAttribute('aria-current');
      node.replaceChildren(
        make('span.title', titleOf(conversation)),
        make('span.status', statusOf(conversation)),
        make('span.detail', `${against(conversation.turns, conversation.limits.maxTurns)} turns`),
        make('span.detail', clock.format(conversation.startedAt)),
      );
      return node;
    },
  );
};

/** @param {Conversation} conversation @param {Transcript} transcript @param {number} now */
export const showHead = (conversation, transcript, now) => {
  const { id, members, floor, limits, usage, startedAt, endedAt, ending, status } = conversation;
  const title = titleOf(conversation);
  find('title').textContent = title;
  document.title = `${title.slice(0, 60)} · Parley`;
  reconcile(
    find('members'),
    members,
    (name) => name,
    (name, old) => {
      const node = old ?? make('li', name);
      node.className = voice(members.indexOf(name));
      node.classList.toggle('floor', floor.includes(name));
      node.title = floor.includes(name) ? 'has the floor' : '';
      return node;
    },
  );
  const { meanReplyMs } = transcript;
  const raw = /** @type {HTMLAnchorElement} */ (make('a', id));
  raw.href = `v1/conversations/${encodeURIComponent(id)}`;
  /** @type {[string, string | Node][]} */
  const facts = [
    ['status', ending ? `ended: ${ending.reason}` : status],
    ...(ending?.detail ? [/** @type {[string, string]} */ (['because', ending.detail])] : []),
    ['turns', against(conversation.turns, limits.maxTurns)],
    [
      'time',
      `${duration((endedAt ?? now) - startedAt)}${limits.maxDurationMs > 0 ? ` of ${duration(limits.maxDurationMs)}` : ''}`,
    ],
    ['mean reply', meanReplyMs === undefined ? '–' : seconds(meanReplyMs)],
    ['tokens', `${number.format(usage.inputTokens)} in, ${number.format(usage.outputTokens)} out`],
    ['id', raw],
  ];
  find('facts').replaceChildren(
    ...facts.map(([term, value]) => make('div', make('dt', term), make('dd', value))),
  );
  find('facts').dataset.status = status;
};

/** What a line that is not speech says. @param {Exclude<Entry, { type: 'said' }>} entry */
const note = (entry) => {
  const because = 'detail' in entry && entry.detail ? ` (${entry.detail})` : '';
  switch (entry.type) {
    case 'opened':
      return `opened by ${entry.by}`;
    case 'forked':
      return `forked by ${entry.by} from ${entry.parent.conversation}, after line ${entry.parent.seq}`;
    case 'passed':
      return `${entry.from} passed: ${entry.reason}${because}`;
    case 'lapsed':
      return `${entry.from} gave no answer: ${entry.cause}${because}`;
    case 'bid':
      return `${entry.from} bids ${entry.score}`;
    case 'noted':
      return `${entry.kind} from ${entry.by} to ${entry.to.join(', ')}: ${entry.text}`;
    case 'summarised':
      return `${entry.who} summed up what was said up to line ${entry.through}`;
    case 'joined':
    case 'left':
      return `${entry.who} ${entry.type}`;
    case 'seated':
      return `${entry.by} speaks for ${entry.who}`;
    case 'unseated':
      return `${entry.who} speaks for itself again`;
    case 'recast':
      return `${entry.by} gave ${entry.role.name} another role`;
    case 'paused':
    case 'resumed':
      return `${entry.type} by ${entry.by}`;
    case 'ended':
      return `ended: ${entry.reason}${because}`;
    default:
      // A newer router may know more.
      return /** @type {{ type: string }} */ (entry).type;
  }
};

/** @param {Entry} entry @param {Conversation} conversation @param {number | undefined} tookMs */
const line = (entry, { members }, tookMs) => {
  const time = make('time', clock.format(entry.at));
  time.title = new Date(entry.at).toLocaleString();
  if (entry.type !== 'said') {
    const node = make('li.note', make('span.text', note(entry)), time);
    node.classList.add(entry.type);
    return node;
  }
  const { usage, target, from } = entry;
  const detail = [
    tookMs !== undefined && seconds(tookMs),
    usage && `${usage.estimated ? '~' : ''}${number.format(usage.outputTokens)} tokens`,
  ].filter(Boolean);
  const toWhom = entry.to
    ? make('span.target', `only to ${entry.to.join(', ')}`)
    : target !== undefined && members.length > 2 && make('span.target', `→ ${target}`);
  const head = make('div.by', make('span.name', from), toWhom, make('span.detail', detail.join(' · ')), time);
  if (usage)
    head.title = [usage.model, `${usage.inputTokens} tokens in, ${usage.outputTokens} out`]
      .filter(Boolean)
      .join(': ');
  const node = make('li.said', head, make('p.text', entry.text));
  node.classList.add(voice(members.indexOf(from)));
  return node;
};

/** @param {Conversation} conversation @param {Transcript} transcript */
export const showTranscript = (conversation, transcript) => {
  /** @type {({ entry: Entry } | { turn: number, from: string, text: string })[]} */
  const lines = [
    ...transcript.entries.map((entry) => ({ entry })),
    ...[...transcript.drafts].map(([turn, draft]) => ({ turn, ...draft })),
  ];
  reconcile(
    find('transcript'),
    lines,
    (one) => ('entry' in one ? `${one.entry.seq}` : `draft ${one.turn}`),
    (one, old) => {
      if ('entry' in one) return old ?? line(one.entry, conversation, transcript.tookMs(one.entry));
      const node =
        old ??
        make(
          'li.said.draft',
          make('div.by', make('span.name', one.from), make('span.detail', 'writing…')),
          make('p.text'),
        );
      node.classList.add(voice(conversation.members.indexOf(one.from)));
      /** @type {HTMLElement} */ (node.lastElementChild).textContent = one.text;
      return node;
    },
  );
};

/** How to start an agent that finds this router. @param {string} words */
const agentCommand = (words) => {
  const url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}`;
  return `${url === 'ws://localhost:8765' ? '' : `ROUTER_URL=${url} `}npm run agent -- ${words}`;
};

/**
 * What to do next, when there is nothing to show.
 * @param {{ agents: readonly Agent[], conversations: number, missing: boolean }} known
 */
export const showEmpty = ({ agents, conversations, missing }) => {
  const [first] = agents;
  const [title, text, ...commands] = missing
    ? ['There is no such conversation', 'It may have been in a ledger that this router no longer uses.']
    : conversations > 0
      ? ['Choose a conversation', 'The list shows the newest first.']
      : first
        ? [
            'No conversation yet',
            `${first.name} is here. An agent that speaks first opens a conversation:`,
            agentCommand(`carol ${first.name} true`),
          ]
        : [
            'Nobody is here yet',
            'Two agents, each in a terminal of its own. Without a key in .env they rehearse, without a model:',
            agentCommand('bob alice'),
            agentCommand('alice bob true'),
          ];
  find('empty-title').textContent = title ?? '';
  find('empty-text').textContent = text ?? '';
  find('empty-command').textContent = commands.join('\n');
  find('empty-command').hidden = commands.length === 0;
};

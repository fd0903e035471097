import {
  against,
  clock,
  dollars,
  duration,
  find,
  make,
  number,
  reconcile,
  seconds,
  voice,
} from './elements.js';
import { linkTo } from './transcript.js';

/**
 * The lists of who is there, and the head of the conversation on view.
 *
 * @typedef {import('./record.js').Agent} Agent
 * @typedef {import('./record.js').Conversation} Conversation
 * @typedef {import('./record.js').Transcript} Transcript
 */

/** @param {Conversation} conversation */
const titleOf = ({ topic, members }) => topic ?? members.join(', ');

/** @param {Conversation} conversation */
const statusOf = ({ status, ending }) => ending?.reason ?? status;

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

/** For operators. @param {string} name */
const seatButton = (name) => {
  const button = make('button.seat');
  button.dataset.name = name;
  return button;
};

/** @type {Record<import('../../packages/protocol/src/index.ts').WaitReason, string>} */
const waits = {
  rate: 'waits for the rate of its model',
  replica: 'waits: at its capacity',
  absent: 'waits: not connected',
  gathering: 'waits for the whole cast',
  pace: 'waits for the pace',
  retry: 'tries again soon',
  seat: 'has the floor',
  paused: 'waits: paused',
};

/**
 * What a member is doing. A name may be that of a property which every object has: only own ones count.
 * @param {Conversation} conversation @param {string} name
 */
export const stateOf = ({ floor, waiting, seats, votes }, name) => {
  const wait = Object.hasOwn(waiting, name) ? waiting[name] : undefined;
  const why = wait && (Object.hasOwn(waits, wait) ? waits[wait] : `waits: ${wait}`);
  return [
    floor.includes(name) && (why ?? 'has the floor'),
    Object.hasOwn(seats, name) && `${seats[name]} speaks for it`,
    votes.includes(name) && 'votes to end',
  ]
    .filter(Boolean)
    .join(' · ');
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
      const node = old ?? make('li', make('span.name', name), make('span.state'), seatButton(name));
      node.className = voice(members.indexOf(name));
      node.classList.toggle('floor', floor.includes(name));
      const [, state, button] = /** @type {HTMLCollectionOf<HTMLButtonElement>} */ (node.children);
      if (state) state.textContent = stateOf(conversation, name);
      const seated = Object.hasOwn(conversation.seats, name);
      if (button) button.textContent = seated ? 'give back' : 'take seat';
      button?.setAttribute('aria-label', seated ? `Give ${name}’s seat back` : `Take ${name}’s seat`);
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
    ...(usage.cost > 0 || limits.maxCost
      ? [
          /** @type {[string, string]} */ ([
            'cost',
            `${dollars(usage.cost)}${limits.maxCost ? ` of ${dollars(limits.maxCost)}` : ''}`,
          ]),
        ]
      : []),
    ['policy', conversation.policy],
    ...(conversation.parent
      ? [
          /** @type {[string, Node]} */ ([
            'fork of',
            linkTo(conversation.parent.conversation, `line ${conversation.parent.seq} of another`),
          ]),
        ]
      : []),
    ['id', raw],
  ];
  find('facts').replaceChildren(
    ...facts.map(([term, value]) => make('div', make('dt', term), make('dd', value))),
  );
  find('facts').dataset.status = status;
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

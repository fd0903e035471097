import { clock, dollars, find, make, number, reconcile, seconds, voice } from './elements.js';

/**
 * The lines of the conversation on view.
 *
 * @typedef {import('./record.js').Conversation} Conversation
 * @typedef {import('./record.js').Entry} Entry
 * @typedef {import('./record.js').Transcript} Transcript
 */

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

/** For operators: goes on from here in another conversation. @param {Entry} entry */
const forkButton = ({ seq }) => {
  const button = make('button.fork', 'fork');
  button.dataset.seq = String(seq);
  button.title = `Go on from line ${seq} in a conversation of its own`;
  button.setAttribute('aria-label', `Fork after line ${seq}`);
  return button;
};

/** @param {string} id @param {string} text */
export const linkTo = (id, text) => {
  const link = /** @type {HTMLAnchorElement} */ (make('a', text));
  link.href = `#/${encodeURIComponent(id)}`;
  return link;
};

/** @param {Entry} entry @param {Conversation} conversation @param {number | undefined} tookMs */
const line = (entry, { members, parent }, tookMs) => {
  const shared = parent !== undefined && entry.seq <= parent.seq;
  const time = make('time', clock.format(entry.at));
  time.title = new Date(entry.at).toLocaleString();
  if (entry.type !== 'said') {
    const origin = entry.type === 'forked' && linkTo(entry.parent.conversation, 'the other branch');
    const node = make('li.note', make('span.text', note(entry)), origin, time, forkButton(entry));
    node.classList.add(entry.type);
    node.classList.toggle('shared', shared);
    return node;
  }
  const { usage, target, from } = entry;
  const detail = [
    tookMs !== undefined && seconds(tookMs),
    usage && `${usage.estimated ? '~' : ''}${number.format(usage.outputTokens)} tokens`,
    entry.cost !== undefined && dollars(entry.cost),
    entry.done && 'votes to end',
  ].filter(Boolean);
  const toWhom = entry.to
    ? make('span.target', `only to ${entry.to.join(', ')}`)
    : target !== undefined && members.length > 2 && make('span.target', `→ ${target}`);
  const head = make(
    'div.by',
    make('span.name', from),
    toWhom,
    make('span.detail', detail.join(' · ')),
    time,
    forkButton(entry),
  );
  if (usage)
    head.title = [usage.model, `${usage.inputTokens} tokens in, ${usage.outputTokens} out`]
      .filter(Boolean)
      .join(': ');
  const node = make('li.said', head, make('p.text', entry.text));
  node.classList.add(voice(members.indexOf(from)));
  node.classList.toggle('shared', shared);
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

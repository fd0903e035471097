/**
 * What the page knows of a conversation, kept up to date from the entries of its ledger. Pure: no DOM, no network.
 *
 * @typedef {import('../../packages/protocol/src/index.ts').Entry} Entry
 * @typedef {import('../../packages/protocol/src/index.ts').Limits} Limits
 *
 * @typedef {object} Conversation A conversation as GET /v1/conversations shows it.
 * @property {string} id
 * @property {'running' | 'paused' | 'ended'} status
 * @property {string} by
 * @property {string[]} members
 * @property {string} policy
 * @property {string} [topic]
 * @property {Limits} limits
 * @property {number} turns
 * @property {number} seq Of the last entry.
 * @property {string[]} floor
 * @property {Record<string, import('../../packages/protocol/src/index.ts').WaitReason>} waiting Who of the floor has not been given the turn.
 * @property {string[]} votes Members who voted to end it, in a row.
 * @property {Record<string, string>} seats Who speaks in a member's place.
 * @property {{ conversation: string, seq: number }} [parent] What it was forked from.
 * @property {{ inputTokens: number, outputTokens: number, cost: number }} usage
 * @property {number} startedAt
 * @property {number} [endedAt]
 * @property {{ reason: string, detail?: string | undefined }} [ending]
 *
 * @typedef {object} Agent An agent as GET /v1/agents shows it.
 * @property {string} name
 * @property {string} dialect
 * @property {number} replicas
 * @property {number} capacity 0 when it is not limited.
 * @property {number} active
 */

/**
 * The conversation after one more entry; undefined when entries are missing before it.
 * @param {Conversation | undefined} known
 * @param {string} id
 * @param {Entry} entry
 * @returns {Conversation | undefined}
 */
export const evolve = (known, id, entry) => {
  if (entry.type === 'opened') {
    if (known) return known;
    const { by, members, policy, topic, limits, floor, seq, at } = entry;
    return {
      id,
      status: 'running',
      by,
      members: [...members],
      policy,
      ...(topic !== undefined && { topic }),
      limits,
      turns: 0,
      seq,
      floor: [...floor],
      waiting: {},
      votes: [],
      seats: {},
      usage: { inputTokens: 0, outputTokens: 0, cost: 0 },
      startedAt: at,
    };
  }
  if (!known || entry.seq > known.seq + 1) return undefined;
  if (entry.seq <= known.seq) return known;
  const next = { ...known, seq: entry.seq };
  if ('usage' in entry || 'cost' in entry) {
    const { inputTokens = 0, outputTokens = 0 } = entry.usage ?? {};
    next.usage = {
      inputTokens: known.usage.inputTokens + inputTokens,
      outputTokens: known.usage.outputTokens + outputTokens,
      cost: known.usage.cost + (entry.cost ?? 0),
    };
  }
  // Why somebody waits is not in the ledger; it is asked for.
  if ('floor' in entry && entry.floor) Object.assign(next, { floor: [...entry.floor], waiting: {} });
  else if (entry.type === 'bid' || entry.type === 'left') {
    const gone = entry.type === 'bid' ? entry.from : entry.who;
    Object.assign(next, { floor: known.floor.filter((name) => name !== gone), waiting: {} });
  }
  switch (entry.type) {
    case 'said': {
      const others = known.votes.filter((name) => name !== entry.from);
      return { ...next, turns: known.turns + 1, votes: entry.done ? [...others, entry.from] : [] };
    }
    case 'passed':
      return { ...next, turns: known.turns + 1 };
    case 'joined':
      return { ...next, members: [...known.members, entry.who] };
    case 'left':
      return { ...next, members: known.members.filter((member) => member !== entry.who) };
    case 'seated':
      return { ...next, seats: { ...known.seats, [entry.who]: entry.by } };
    case 'unseated': {
      const { [entry.who]: _, ...seats } = known.seats;
      return { ...next, seats };
    }
    case 'paused':
      return { ...next, status: 'paused' };
    case 'resumed':
      return { ...next, status: 'running' };
    case 'ended': {
      const ending = { reason: entry.reason, detail: entry.detail };
      return { ...next, status: 'ended', floor: [], waiting: {}, ending, endedAt: entry.at };
    }
    default:
      return next;
  }
};

/** The transcript of one conversation: its entries by seq, and the replies that are being written. */
export class Transcript {
  /** In the order of the ledger. @type {Entry[]} */
  entries = [];
  /** Text so far by turn. @type {Map<number, { from: string, text: string }>} */
  drafts = new Map();
  /** Seq up to which no entry is missing. */
  complete = 0;

  /** An entry that is here already is ignored. @param {Entry} entry */
  add(entry) {
    const place = this.entries.findLastIndex(({ seq }) => seq <= entry.seq) + 1;
    if (this.entries[place - 1]?.seq === entry.seq) return;
    this.entries.splice(place, 0, entry);
    while (this.entries[this.complete]?.seq === this.complete + 1) this.complete += 1;
    if ('turn' in entry && entry.turn !== undefined) this.drafts.delete(entry.turn);
    if (entry.type === 'ended') this.drafts.clear();
  }

  /** @param {{ turn: number, from: string, text: string }} chunk */
  write({ turn, from, text }) {
    this.drafts.set(turn, { from, text: (this.drafts.get(turn)?.text ?? '') + text });
  }

  /** Milliseconds that the member took: since the entry before. @param {Entry} entry */
  tookMs(entry) {
    const before = this.entries[this.entries.lastIndexOf(entry) - 1];
    const followed = before?.seq === entry.seq - 1;
    return followed && entry.type === 'said' && entry.turn !== undefined ? entry.at - before.at : undefined;
  }

  /** Mean of what the replies took; undefined when there is none. */
  get meanReplyMs() {
    const replies = this.entries.flatMap((entry) => this.tookMs(entry) ?? []);
    return replies.length > 0 ? replies.reduce((sum, ms) => sum + ms, 0) / replies.length : undefined;
  }
}

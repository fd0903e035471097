import type { Ending, Entry, EntryOf, Limits, PolicyName } from '@parley/protocol';

/** The right and the duty of one member to add the next line. */
export interface Turn {
  readonly number: number;
  readonly member: string;
  /** Who addressed the member; itself, when it opened the conversation. */
  readonly givenBy: string;
  /** Seq of the last entry that addressed the member. */
  readonly since: number;
  readonly givenAt: number;
  /** Grants of this turn that came back without an answer. */
  readonly attempts: number;
  /** Not to be granted before this time. */
  readonly notBefore: number;
}

export type Status =
  | { readonly state: 'running' }
  | { readonly state: 'paused'; readonly since: number }
  | { readonly state: 'ended'; readonly at: number; readonly reason: Ending; readonly detail?: string };

/** One conversation, as its entries say it is. Everything here can be rebuilt from the ledger. */
export interface Conversation {
  readonly id: string;
  /** Seq of the last entry. */
  readonly seq: number;
  readonly by: string;
  /** The members that `open` named, in the order in which policies go round; later joiners follow. */
  readonly members: readonly string[];
  readonly policy: PolicyName;
  readonly topic?: string;
  readonly limits: Limits;
  readonly startedAt: number;
  readonly pausedMs: number;
  readonly status: Status;
  /** Who has the floor: one member, or several where several owe a reply. */
  readonly floor: readonly Turn[];
  readonly nextTurn: number;
  /** Lines so far, said or passed. `maxTurns` counts these. */
  readonly lines: number;
  readonly passesInARow: number;
  readonly lastSpeaker?: string;
  readonly usage: { readonly inputTokens: number; readonly outputTokens: number };
  /** The last turn that each member took, so that a repeated answer is known as one. */
  readonly taken: ReadonlyMap<string, { readonly turn: number; readonly seq: number }>;
}

const maxRetryDelayMs = 30_000;

/** A lost connection or a missed deadline has cost time already; a failing model is given time to recover. */
const retryDelayMs = (cause: EntryOf<'lapsed'>['cause'], attempts: number): number =>
  cause === 'gone' || cause === 'deadline' || cause === 'interrupted'
    ? 0
    : Math.min(maxRetryDelayMs, 250 * 2 ** attempts);

type Floor = Pick<Conversation, 'floor' | 'nextTurn'>;

/** The floor that an entry gives: who keeps a turn keeps its number, who is new gets the next one. */
const giveFloor = (
  held: readonly Turn[],
  nextTurn: number,
  names: readonly string[],
  entry: {
    readonly seq: number;
    readonly at: number;
    readonly by: string;
    readonly target?: string | undefined;
  },
): Floor => {
  let next = nextTurn;
  const floor = names.map((member): Turn => {
    const kept = held.find((turn) => turn.member === member);
    if (kept) return member === entry.target ? { ...kept, since: entry.seq, givenBy: entry.by } : kept;
    return {
      number: next++,
      member,
      givenBy: entry.by,
      since: entry.seq,
      givenAt: entry.at,
      attempts: 0,
      notBefore: 0,
    };
  });
  return { floor, nextTurn: next };
};

const open = (id: string, entry: EntryOf<'opened'>): Conversation => ({
  id,
  seq: entry.seq,
  by: entry.by,
  members: entry.members,
  policy: entry.policy,
  ...(entry.topic !== undefined && { topic: entry.topic }),
  limits: entry.limits,
  startedAt: entry.at,
  pausedMs: 0,
  status: { state: 'running' },
  ...giveFloor([], 1, entry.floor, entry),
  lines: 0,
  passesInARow: 0,
  usage: { inputTokens: 0, outputTokens: 0 },
  taken: new Map(),
});

const said = (state: Conversation, entry: EntryOf<'said'>): Conversation => ({
  ...state,
  seq: entry.seq,
  ...giveFloor(
    entry.turn === undefined ? state.floor : state.floor.filter((turn) => turn.number !== entry.turn),
    state.nextTurn,
    entry.floor,
    { seq: entry.seq, at: entry.at, by: entry.from, target: entry.target },
  ),
  lines: state.lines + 1,
  passesInARow: 0,
  lastSpeaker: entry.from,
  usage: entry.usage
    ? {
        inputTokens: state.usage.inputTokens + entry.usage.inputTokens,
        outputTokens: state.usage.outputTokens + entry.usage.outputTokens,
      }
    : state.usage,
  taken: entry.turn === undefined ? state.taken : took(state, entry.from, entry.turn, entry.seq),
});

const took = (state: Conversation, member: string, turn: number, seq: number) =>
  new Map(state.taken).set(member, { turn, seq });

/** The state after one more entry. Asks no policy and no limit: an entry already says what was decided. */
export const evolve = (state: Conversation | undefined, entry: Entry, id: string): Conversation => {
  if (entry.type === 'opened') return open(id, entry);
  if (!state || entry.seq !== state.seq + 1)
    throw new Error(`${id}: entry ${entry.seq} does not follow ${state?.seq}`);
  const { seq } = entry;
  switch (entry.type) {
    case 'said':
      return said(state, entry);
    case 'passed':
      return {
        ...state,
        seq,
        ...giveFloor(
          state.floor.filter((turn) => turn.number !== entry.turn),
          state.nextTurn,
          entry.floor,
          { seq, at: entry.at, by: entry.from },
        ),
        lines: state.lines + 1,
        passesInARow: state.passesInARow + 1,
        taken: took(state, entry.from, entry.turn, seq),
      };
    case 'lapsed':
      return {
        ...state,
        seq,
        floor: state.floor.map((turn) =>
          turn.number === entry.turn
            ? {
                ...turn,
                attempts: turn.attempts + 1,
                notBefore: entry.at + retryDelayMs(entry.cause, turn.attempts + 1),
              }
            : turn,
        ),
      };
    case 'joined':
      return { ...state, seq, members: [...state.members, entry.who] };
    case 'left': {
      const floor = giveFloor(state.floor, state.nextTurn, entry.floor, { seq, at: entry.at, by: entry.who });
      return { ...state, seq, ...floor, members: state.members.filter((member) => member !== entry.who) };
    }
    case 'paused':
      return { ...state, seq, status: { state: 'paused', since: entry.at } };
    case 'resumed': {
      const paused = state.status.state === 'paused' ? entry.at - state.status.since : 0;
      return { ...state, seq, status: { state: 'running' }, pausedMs: state.pausedMs + paused };
    }
    case 'ended': {
      const { reason, detail, at } = entry;
      const status: Status = { state: 'ended', at, reason, ...(detail !== undefined && { detail }) };
      return { ...state, seq, status, floor: [] };
    }
    default:
      return entry satisfies never;
  }
};

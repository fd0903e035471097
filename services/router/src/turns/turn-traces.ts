import { createHash } from 'node:crypto';
import type { Entry } from '@parley/protocol';
import {
  genAi,
  genAiOperations,
  type Span,
  spanNames,
  type TraceIds,
  type Tracing,
  traceparentOf,
} from '@parley/runtime';
import type { Commit } from '../conversations/conversations.ts';
import type { Conversation, Turn } from '../core/conversation.ts';
import { turnsOf } from '../core/floor/floor.ts';
import type { TurnPlace } from './grants/grant.ts';

/**
 * The ids of the span of a turn, made from what it is. So every router of a ledger knows them, and a router that was started
 * again: they are in no entry.
 */
const identityOf = (conversation: string, turn: number) => {
  const hash = createHash('sha256').update(`${conversation}\n${turn}`).digest('hex');
  return { traceId: hash.slice(0, 32), spanId: hash.slice(32, 48) };
};

/** Which conversation has the entry as its own: this one or an ancestor. It is called in a commit, so it must cost little. */
type OwnerOf = (conversation: string, seq: number) => string | undefined;

type Answer = Extract<Entry, { type: 'said' | 'passed' | 'bid' }>;

const answerOf = (entries: readonly Entry[], turn: number): Answer | undefined =>
  entries.find(
    (entry): entry is Answer =>
      (entry.type === 'said' || entry.type === 'passed' || entry.type === 'bid') && entry.turn === turn,
  );

/**
 * One trace for each turn: from the member having the floor to the commit of its answer, from any connection. It follows the floor,
 * so that the turns of plain clients and of seats are traced as well. Of several routers, the one whose commit ends a turn sends
 * its span. The router that starts again begins the spans of open turns again, with the same ids.
 */
export class TurnTraces {
  readonly #tracing: Tracing;
  readonly #ownerOf: OwnerOf;
  readonly #open = new Map<string, Map<number, Span>>();
  /** The last turn of a conversation that came to an end. */
  readonly #last = new Map<string, TraceIds>();
  readonly #ended: string[] = [];
  #appendMs = 0;

  constructor(tracing: Tracing, ownerOf: OwnerOf) {
    this.#tracing = tracing;
    this.#ownerOf = ownerOf;
  }

  /** The turns that were open when the router started. To be called once, after recovery. */
  found(state: Conversation): void {
    for (const turn of state.floor) this.#begin(state, turn);
  }

  /** Duration of the append whose commits follow. */
  appended(tookMs: number): void {
    this.#appendMs = tookMs;
  }

  /** The trace context for the `turn` frame of a grant. */
  granted(
    { conversation, turn }: TurnPlace,
    { attempt, waitedMs, at }: { attempt: number; waitedMs: number; at: number },
  ): string | undefined {
    const span = this.#open.get(conversation)?.get(turn);
    span?.event('granted', { [spanNames.attempt]: attempt, [spanNames.waitMs]: Math.max(0, waitedMs) }, at);
    return span?.traceparent;
  }

  /** A replica that holds the grant says in which span it made its answer. It is not trusted to be the parent of anything. */
  answered({ conversation, turn }: TurnPlace, trace: string | undefined): void {
    if (trace !== undefined) this.#open.get(conversation)?.get(turn)?.link(trace);
  }

  /** Ids of the newest turn of the conversation, for log lines about it. */
  idsOf(conversation: string): TraceIds | undefined {
    const open = this.#open.get(conversation);
    return open?.size ? [...open.values()].at(-1)?.ids : this.#last.get(conversation);
  }

  onCommit({ before, after, entries, isForeign }: Commit): void {
    // Kept until the next commit, because the line of the log about the ending is written after this.
    for (const id of this.#ended.splice(0)) this.#last.delete(id);
    if (after.status.state === 'ended') this.#ended.push(after.id);
    const isOpen = turnsOf(after.floor);
    for (const entry of entries) if (entry.type === 'lapsed') this.#lapsed(after, entry);
    for (const turn of before?.floor ?? [])
      if (!isOpen(turn.number)) this.#finish(after, turn, entries, isForeign);
    const open = this.#open.get(after.id);
    for (const turn of after.floor) if (!open?.has(turn.number)) this.#begin(after, turn);
  }

  #begin(state: Conversation, turn: Turn): void {
    const before = this.#turnBefore(state);
    const span = this.#tracing.start({
      name: 'turn',
      kind: 'internal',
      conversation: state.id,
      identity: identityOf(state.id, turn.number),
      links: before ? [traceparentOf({ ...before, isSampled: true })] : [],
      at: turn.givenAt,
      attributes: {
        [genAi.operation]: genAiOperations.turn,
        [spanNames.kind]: 'CHAIN',
        [spanNames.member]: turn.member,
        [spanNames.turn]: turn.number,
        [spanNames.wanted]: turn.wanted,
        [spanNames.policy]: state.policy,
      },
    });
    const open = this.#open.get(state.id);
    if (open) open.set(turn.number, span);
    else this.#open.set(state.id, new Map([[turn.number, span]]));
  }

  /** The last turn that was answered; in a fork this may be one of a conversation that it shares entries with. */
  #turnBefore({ id, parent, taken }: Conversation) {
    const last = taken.at(-1);
    if (!last) return undefined;
    const owner = parent && last.seq <= parent.seq ? this.#ownerOf(parent.conversation, last.seq) : id;
    return owner === undefined ? undefined : identityOf(owner, last.turn);
  }

  #lapsed({ id }: Conversation, { turn, cause, at }: Extract<Entry, { type: 'lapsed' }>): void {
    this.#open
      .get(id)
      ?.get(turn)
      ?.event('lapsed', { [spanNames.lapseCause]: cause }, at);
  }

  #finish(state: Conversation, turn: Turn, entries: readonly Entry[], isForeign: boolean): void {
    const open = this.#open.get(state.id);
    const span = open?.get(turn.number);
    if (!span) return;
    open?.delete(turn.number);
    if (open?.size === 0) this.#open.delete(state.id);
    this.#last.set(state.id, span.ids);
    if (isForeign) return;
    const answer = answerOf(entries, turn.number);
    const ended = entries.find((entry) => entry.type === 'ended');
    const at = (answer ?? entries.at(-1))?.at ?? turn.givenAt;
    this.#ledgerAppend(state, span, { entries: entries.length, at });
    span.set({
      [spanNames.outcome]: answer?.type ?? (ended ? 'ended' : 'withdrawn'),
      ...(answer && { [spanNames.entry]: answer.seq }),
      ...(ended && { [spanNames.ending]: ended.reason }),
    });
    if (ended?.reason === 'failed' && !answer) span.fail(ended.reason);
    span.end(at + this.#appendMs);
  }

  #ledgerAppend(state: Conversation, turn: Span, { entries, at }: { entries: number; at: number }): void {
    this.#tracing
      .start({
        name: 'ledger append',
        kind: 'internal',
        conversation: state.id,
        parent: turn.traceparent,
        attributes: { [spanNames.entries]: entries, [spanNames.kind]: 'CHAIN' },
        at,
      })
      .end(at + this.#appendMs);
  }
}

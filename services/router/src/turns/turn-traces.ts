import type { Entry } from '@parley/protocol';
import { genAi, genAiOperations, type Span, spanNames, type TraceIds, type Tracing } from '@parley/runtime';
import type { Commit } from '../conversations/conversations.ts';
import type { Conversation, Turn } from '../core/conversation.ts';
import { turnsOf } from '../core/floor/floor.ts';
import type { TurnPlace } from './grants/grant.ts';

/** The last turn of a conversation that came to an end: the next one is linked to it. */
interface LastTurn {
  readonly traceparent: string;
  readonly ids: TraceIds;
}

type Answer = Extract<Entry, { type: 'said' | 'passed' | 'bid' }>;

const answerOf = (entries: readonly Entry[], turn: number): Answer | undefined =>
  entries.find(
    (entry): entry is Answer =>
      (entry.type === 'said' || entry.type === 'passed' || entry.type === 'bid') && entry.turn === turn,
  );

/**
 * One trace for each turn: from the member having the floor to the commit of its answer, from any connection. It follows the floor,
 * so that the turns of plain clients and of seats are traced as well. It holds spans of open turns only, and is rebuilt without
 * them when the router starts.
 */
export class TurnTraces {
  readonly #tracing: Tracing;
  readonly #open = new Map<string, Map<number, Span>>();
  readonly #last = new Map<string, LastTurn>();
  readonly #ended: string[] = [];
  #appendMs = 0;

  constructor(tracing: Tracing) {
    this.#tracing = tracing;
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
    return open?.size ? [...open.values()].at(-1)?.ids : this.#last.get(conversation)?.ids;
  }

  onCommit({ before, after, entries }: Commit): void {
    // Kept until the next commit, because the line of the log about the ending is written after this.
    for (const id of this.#ended.splice(0)) this.#last.delete(id);
    if (after.status.state === 'ended') this.#ended.push(after.id);
    const isOpen = turnsOf(after.floor);
    for (const entry of entries) if (entry.type === 'lapsed') this.#lapsed(after, entry);
    for (const turn of before?.floor ?? []) if (!isOpen(turn.number)) this.#finish(after, turn, entries);
    const open = this.#open.get(after.id);
    for (const turn of after.floor) if (!open?.has(turn.number)) this.#begin(after, turn);
  }

  #begin(state: Conversation, turn: Turn): void {
    const last = this.#last.get(state.id) ?? (state.parent && this.#last.get(state.parent.conversation));
    const span = this.#tracing.start({
      name: 'turn',
      kind: 'internal',
      conversation: state.id,
      links: last ? [last.traceparent] : [],
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

  #lapsed({ id }: Conversation, { turn, cause, at }: Extract<Entry, { type: 'lapsed' }>): void {
    this.#open
      .get(id)
      ?.get(turn)
      ?.event('lapsed', { [spanNames.lapseCause]: cause }, at);
  }

  #finish(state: Conversation, turn: Turn, entries: readonly Entry[]): void {
    const open = this.#open.get(state.id);
    const span = open?.get(turn.number);
    if (!span) return;
    open?.delete(turn.number);
    if (open?.size === 0) this.#open.delete(state.id);
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
    const { traceparent, ids } = span;
    this.#last.set(state.id, { traceparent, ids });
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

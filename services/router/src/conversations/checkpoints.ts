import type { Conversation } from '../core/conversation.ts';
import type { Batch, Checkpoint, Ledger } from '../ledger/ledger.ts';
import type { Size } from './held.ts';
import { decodeState, encodeState, stateVersion } from './state-codec.ts';

/** A state with fewer entries behind it is as quickly made of them. */
const worthIt: Size = { entries: 16, bytes: 64 * 1024 };
/** One that has ended is read as a whole, if at all. */
const longEnded = 64;
/** Bytes of a state for each entry that need not be read: a state of a crowd may be larger than what it is made of. */
const bytesPerEntry = 64;
/** In one transaction. */
const maxKept: Size = { entries: 256, bytes: 2 * 1024 * 1024 };

/** Nothing is compared with what was said once it has ended, so the fingerprints of messages are then left out. */
const checkpointOf = (state: Conversation): Checkpoint => ({
  seq: state.seq,
  version: stateVersion,
  body: encodeState(state.status.state === 'ended' ? { ...state, recent: [] } : state),
});

/** Whether it takes less than what it stands for; `most`: what it may take whatever the number of its entries. */
const isSmall = ({ seq, body }: Checkpoint, most = 0): boolean =>
  body.length <= Math.max(most, bytesPerEntry * seq);

/**
 * States of conversations, kept in the ledger beside their entries, from which a conversation is taken up without reading
 * all of these. A cache: one that is missing, damaged, of another version or not of these entries is made anew.
 */
export class Checkpoints {
  readonly #ledger: Ledger;
  readonly #onFailure: (error: unknown) => void;
  /** Running conversations that have grown; who has waited longest is first. */
  readonly #grown = new Map<string, Size>();

  constructor(ledger: Ledger, onFailure: (error: unknown) => void) {
    this.#ledger = ledger;
    this.#onFailure = onFailure;
  }

  /** The newest state that was kept. */
  of(id: string): Conversation | undefined {
    const kept = this.#ledger.checkpoint(id);
    if (kept?.version !== stateVersion) return undefined;
    const state = decodeState(kept.body);
    return state?.id === id && state.seq === kept.seq ? state : undefined;
  }

  /** `unkept`: what has been added since the state was kept. */
  grown(id: string, unkept: Size): void {
    if (unkept.entries >= worthIt.entries || unkept.bytes >= worthIt.bytes) this.#grown.set(id, unkept);
  }

  /** The batch, with the last state where it ends a conversation: that is asked for whenever it is listed or read. */
  withEnd(batch: Batch, state: Conversation | undefined): Batch {
    if (state?.status.state !== 'ended') return batch;
    this.#grown.delete(state.id);
    const checkpoint = state.seq > longEnded ? checkpointOf(state) : undefined;
    return checkpoint && isSmall(checkpoint) ? { ...batch, checkpoint } : batch;
  }

  /** The state of one that had to be replayed: it need not be again. */
  keepEnded(state: Conversation): void {
    const checkpoint = state.seq > longEnded ? checkpointOf(state) : undefined;
    if (checkpoint && isSmall(checkpoint)) this.#write([{ ...checkpoint, conversation: state.id }]);
  }

  /** Keeps the states of some that have grown, in one transaction. Which they are. */
  keep(stateOf: (id: string) => Conversation | undefined): string[] {
    const checkpoints = [];
    let bytes = 0;
    for (const [id, unkept] of this.#grown) {
      if (checkpoints.length >= maxKept.entries || bytes >= maxKept.bytes) break;
      this.#grown.delete(id);
      const state = stateOf(id);
      if (!state) continue;
      const checkpoint = checkpointOf(state);
      bytes += checkpoint.body.length;
      if (!isSmall(checkpoint, unkept.bytes / 2)) continue;
      checkpoints.push({ ...checkpoint, conversation: id });
    }
    if (checkpoints.length > 0) this.#write(checkpoints);
    return checkpoints.map(({ conversation }) => conversation);
  }

  /** Those that cannot be written are kept when they have grown further, or are read again. */
  #write(checkpoints: readonly (Checkpoint & { readonly conversation: string })[]): void {
    try {
      this.#ledger.keep(checkpoints);
    } catch (error) {
      this.#onFailure(error);
    }
  }
}

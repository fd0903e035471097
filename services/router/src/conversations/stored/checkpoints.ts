import type { Conversation } from '../../core/conversation.ts';
import type { Batch, Checkpoint, Ledger } from '../../ledger/ledger.ts';
import type { Size } from '../held.ts';
import { decodeState, encodeState, stateVersion } from './state-codec.ts';

/** With fewer new entries, a replay is as fast as reading a checkpoint. */
const worthIt: Size = { entries: 16, bytes: 64 * 1024 };
/** An ended conversation with fewer entries gets no checkpoint. */
const longEnded = 64;
/** Bytes of a checkpoint for each entry that it replaces. The state of many members may be larger than its entries. */
const bytesPerEntry = 64;
/** Bounds of one transaction. */
const maxKept: Size = { entries: 256, bytes: 2 * 1024 * 1024 };

/** After the end no message is compared with earlier ones, so the fingerprints are left out. */
const checkpointOf = (state: Conversation): Checkpoint => ({
  seq: state.seq,
  version: stateVersion,
  body: encodeState(state.status.state === 'ended' ? { ...state, recent: [] } : state),
});

/** Whether a checkpoint is small for its entries. `most`: bytes that are allowed for any number of entries. */
const isSmall = ({ seq, body }: Checkpoint, most = 0): boolean =>
  body.length <= Math.max(most, bytesPerEntry * seq);

/**
 * States of conversations in the ledger beside their entries. From a checkpoint a conversation is loaded without reading all its
 * entries. It is a cache: one that is missing, damaged or of another version is made again from the entries.
 */
export class Checkpoints {
  readonly #ledger: Ledger;
  readonly #onFailure: (error: unknown) => void;
  /** Running conversations that need a new checkpoint, the longest waiting first. */
  readonly #grown = new Map<string, Size>();

  constructor(ledger: Ledger, onFailure: (error: unknown) => void) {
    this.#ledger = ledger;
    this.#onFailure = onFailure;
  }

  /** The state of the newest valid checkpoint. */
  of(id: string): Conversation | undefined {
    const kept = this.#ledger.checkpoint(id);
    if (kept?.version !== stateVersion) return undefined;
    const state = decodeState(kept.body);
    return state?.id === id && state.seq === kept.seq ? state : undefined;
  }

  /** `unkept`: what was added since the last checkpoint. */
  grown(id: string, unkept: Size): void {
    if (unkept.entries >= worthIt.entries || unkept.bytes >= worthIt.bytes) this.#grown.set(id, unkept);
  }

  /** The batch, with a checkpoint where it ends a conversation: the last state is needed for lists and reads. */
  withEnd(batch: Batch, state: Conversation | undefined): Batch {
    if (state?.status.state !== 'ended') return batch;
    this.#grown.delete(state.id);
    const checkpoint = state.seq > longEnded ? checkpointOf(state) : undefined;
    return checkpoint && isSmall(checkpoint) ? { ...batch, checkpoint } : batch;
  }

  /** Writes the last state of a conversation that was replayed, so that it is not replayed again. */
  keepEnded(state: Conversation): void {
    const checkpoint = state.seq > longEnded ? checkpointOf(state) : undefined;
    if (checkpoint && isSmall(checkpoint)) this.#write([{ ...checkpoint, conversation: state.id }]);
  }

  /** Writes checkpoints of some conversations that have grown, in one transaction. Returns their ids. */
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

  /** A checkpoint that cannot be written is tried again when the conversation has grown further or is read again. */
  #write(checkpoints: readonly (Checkpoint & { readonly conversation: string })[]): void {
    try {
      this.#ledger.keep(checkpoints);
    } catch (error) {
      this.#onFailure(error);
    }
  }
}

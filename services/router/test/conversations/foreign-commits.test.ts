import { describe, expect, it } from 'vitest';
import { type Commit, Conversations, type Outcome } from '../../src/conversations/conversations.ts';
import type { Batch, Ledger, OnForeign } from '../../src/ledger/ledger.ts';
import { openMemoryLedger } from '../../src/ledger/memory.ts';
import { limits } from '../core/talk.ts';
import { ended, lines, opened } from '../ledger/ledger-entries.ts';

/** A ledger that another process writes to as well, as one in a stream. */
class SharedLedger {
  readonly kept = openMemoryLedger();
  readonly #listeners: OnForeign[] = [];
  /** What the other process does while this one writes. */
  meanwhile: (() => Promise<void>) | undefined;
  trouble: string | undefined;

  get port(): Ledger {
    return {
      ...this.kept,
      append: async (batches: readonly Batch[]) => {
        await this.meanwhile?.();
        this.meanwhile = undefined;
        return this.kept.append(batches);
      },
      onForeign: (listener) => void this.#listeners.push(listener),
      trouble: () => this.trouble,
    };
  }

  async others(batch: Batch): Promise<void> {
    const [result] = await this.kept.append([batch]);
    if (!result?.ok) throw new Error('the other process lost');
    const { conversation, entries } = batch;
    for (const listener of this.#listeners) listener({ conversation, entries, position: result.position });
  }
}

const make = () => {
  const ledger = new SharedLedger();
  const failures: unknown[] = [];
  const conversations = new Conversations(
    ledger.port,
    () => 9_000,
    (error) => failures.push(error),
  );
  const commits: Commit[] = [];
  conversations.follow('test', (commit) => commits.push(commit));
  const submit = (id: string, command: Parameters<Conversations['submit']>[1]): Promise<Outcome> =>
    new Promise((resolve) => conversations.submit(id, command, resolve));
  const open = (id: string) =>
    submit(id, {
      type: 'open',
      by: 'alice',
      members: ['alice', 'bob'],
      policy: 'addressed',
      limits: limits(),
    });
  return { ledger, conversations, commits, failures, submit, open };
};

describe('what another process has appended', () => {
  it('entries of another process are told to the followers, with the states before and after', async () => {
    const { ledger, conversations, commits } = make();
    await ledger.others({ conversation: 'c1', expectedSeq: 0, entries: [opened()] });
    await ledger.others({ conversation: 'c1', expectedSeq: 1, entries: lines(2, 3) });
    expect(commits.map(({ before, after, position }) => [before?.seq, after.seq, position])).toEqual([
      [undefined, 1, 1],
      [1, 3, 3],
    ]);
    expect(conversations.get('c1')?.seq).toBe(3);
    await ledger.others({ conversation: 'c1', expectedSeq: 3, entries: [ended(4)] });
    expect(conversations.get('c1')).toBeUndefined();
    expect(conversations.find('c1')?.status.state).toBe('ended');
  });

  it('entries of another process win over a command that was being written, which is decided again on what is there then', async () => {
    const { ledger, conversations, commits, failures, open } = make();
    ledger.meanwhile = () =>
      ledger.others({ conversation: 'c1', expectedSeq: 0, entries: [opened(), ...lines(2, 2)] });
    expect(await open('c1')).toMatchObject({ kind: 'refused', code: 'conversation-exists' });
    expect(conversations.get('c1')?.seq).toBe(2);
    expect(commits.map(({ after }) => after.seq)).toEqual([2]);
    expect(failures).toEqual([]);
  });

  it('entries of another process are told in the order of the ledger, also when they came during a round of commands', async () => {
    const { ledger, commits, open } = make();
    ledger.meanwhile = () => ledger.others({ conversation: 'c2', expectedSeq: 0, entries: [opened()] });
    expect(await open('c1')).toMatchObject({ kind: 'done' });
    expect(commits.map(({ after, position }) => [after.id, position])).toEqual([
      ['c2', 1],
      ['c1', 2],
    ]);
  });
});

describe('a ledger that cannot be written for a reason that it knows', () => {
  it('every command is refused at once as unavailable while the ledger knows that it cannot be written', async () => {
    const { ledger, open, failures } = make();
    ledger.trouble = 'the connection to NATS is lost';
    expect(await open('c1')).toMatchObject({ kind: 'refused', code: 'unavailable' });
    ledger.trouble = undefined;
    expect(await open('c1')).toMatchObject({ kind: 'done' });
    expect(failures).toEqual([]);
  });
});

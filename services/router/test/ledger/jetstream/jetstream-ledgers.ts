import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import type { Entry } from '@parley/protocol';
import { Appender, type Settled } from '../../../src/ledger/jetstream/appender.ts';
import { encodeCommit } from '../../../src/ledger/jetstream/commit-codec.ts';
import { openNatsLink } from '../../../src/ledger/jetstream/nats-link.ts';
import type { JetStreamOptions } from '../../../src/ledger/jetstream/open-jetstream.ts';
import { Publisher } from '../../../src/ledger/jetstream/publisher.ts';
import { subjectOf } from '../../../src/ledger/jetstream/subjects.ts';
import type { Ledger } from '../../../src/ledger/ledger.ts';

let made = 0;

/** Options of a ledger in a stream that no other test uses, with a local copy of its own. */
export class JetStreamFolder {
  readonly folder = mkdtempSync(join(tmpdir(), 'parley-jetstream-'));

  options(url: string, over: Partial<JetStreamOptions> = {}): JetStreamOptions {
    made++;
    return {
      access: { servers: [url] },
      stream: `TEST_${process.pid}_${made}`,
      acceptsLoss: true,
      projection: join(this.folder, `${made}.sqlite`),
      name: 'test',
      onEvent: () => {},
      onFailure: () => {},
      ...over,
    };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/**
 * The same ledger with positions that count from 1 without a gap, as those of the other ledgers do by chance: the contract of the
 * ledger compares them. Fails when positions do not grow.
 */
export const countedPositions = (ledger: Ledger, positions: number[]): Ledger => {
  const counted = (position: number): number => {
    const index = positions.indexOf(position);
    if (index === -1) throw new Error(`position ${position} was never given out`);
    return index + 1;
  };
  const real = (count: number): number =>
    count <= 0 ? 0 : (positions[Math.min(count, positions.length) - 1] ?? 0);
  return {
    ...ledger,
    async append(batches) {
      const appended = await ledger.append(batches);
      for (const [index, result] of appended.entries()) {
        const { length } = batches[index]?.entries ?? [];
        if (!result.ok || length === 0) continue;
        for (let back = length - 1; back >= 0; back--) {
          const position = result.position - back;
          if (position <= (positions.at(-1) ?? 0)) throw new Error(`position ${position} does not grow`);
          positions.push(position);
        }
      }
      return appended.map((result) =>
        result.ok ? { ok: true, position: result.position === 0 ? 0 : counted(result.position) } : result,
      );
    },
    readAll: (since, limit, maxBytes) =>
      ledger
        .readAll(real(since), limit, maxBytes)
        .map((placed) => ({ ...placed, position: counted(placed.position) })),
    readOf: (conversation, after, limit, maxBytes) =>
      ledger
        .readOf(conversation, { ...after, position: real(after.position) }, limit, maxBytes)
        .map((placed) => ({ ...placed, position: counted(placed.position) })),
    position: () => (ledger.position() === 0 ? 0 : counted(ledger.position())),
  };
};

/** Asks NATS past the ledger. */
export class NatsObserver {
  readonly #connection: NatsConnection;
  readonly manager: JetStreamManager;

  private constructor(connection: NatsConnection, manager: JetStreamManager) {
    this.#connection = connection;
    this.manager = manager;
  }

  static async of(url: string): Promise<NatsObserver> {
    const connection = await connect({
      servers: url.split(','),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 100,
    });
    return new NatsObserver(connection, await jetstreamManager(connection, { checkAPI: false }));
  }

  async lastSequence(stream: string): Promise<number> {
    return (await this.manager.streams.info(stream)).state.last_seq;
  }

  /** Resolves when the stream ends at that message. */
  async reached(stream: string, sequence: number): Promise<void> {
    while ((await this.lastSequence(stream).catch(() => 0)) < sequence) await setTimeout(10);
  }

  /** The seqs of all entries of a conversation in the stream, in its order. */
  async seqsOf(stream: string, conversation: string): Promise<number[]> {
    const last = await this.lastSequence(stream);
    const seqs: number[] = [];
    for (let seq = 1; seq <= last; seq++) {
      const message = await this.manager.streams.getMessage(stream, { seq });
      if (message?.subject !== subjectOf(stream, conversation)) continue;
      seqs.push(...message.json<Entry[]>().map((entry) => entry.seq));
    }
    return seqs;
  }

  async publish(subject: string, body: string): Promise<void> {
    await this.#connection.request(subject, body);
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}

/** A writer past the ledger, as another router on the same stream would be. */
export const otherWriter = async (url: string, stream: string) => {
  const link = await openNatsLink({ servers: [url] }, 'other', '_INBOX_other');
  const appender = new Appender(link, new Publisher(link, stream));
  let written = 0;
  return {
    write: async (conversation: string, expected: number, entries: readonly Entry[]): Promise<Settled> => {
      const publication = {
        subject: subjectOf(stream, conversation),
        expected,
        id: `other.${++written}`,
        parts: encodeCommit(entries, 1_000_000),
      };
      return (await appender.write([publication]))[0]!;
    },
    close: () => link.close(),
  };
};

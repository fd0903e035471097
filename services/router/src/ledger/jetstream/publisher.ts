import { headers, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import { type EncodedCommit, sumHeader } from './commit-codec.ts';
import { AnswerLost, type NatsLink, NotSent } from './nats-link.ts';

/** One commit that is to be stored in the stream. */
export interface Publication {
  readonly subject: string;
  /** Sequence of the last message of the subject; 0 when there is none. */
  readonly expected: number;
  /** The same for every try, and unique among the commits of all routers. */
  readonly id: string;
  /** One part, unless the commit is too large for one message. Several parts are stored together or not at all. */
  readonly parts: readonly EncodedCommit[];
}

/**
 * `stored`: sequence of the last part. `conflict`: the last message of the subject is not the expected one; `isSettled` is
 * false while the server is still storing that message. `refused`: the commit is not stored. `unknown`: it may be stored.
 */
export type Published =
  | { readonly kind: 'stored'; readonly sequence: number }
  | { readonly kind: 'conflict'; readonly isSettled: boolean }
  | { readonly kind: 'refused'; readonly error: Error }
  | { readonly kind: 'unknown'; readonly error: Error };

interface ApiError {
  readonly code: number;
  readonly err_code: number;
  readonly description: string;
}
interface Ack {
  readonly error?: ApiError;
  readonly stream?: string;
  readonly seq?: number;
  readonly count?: number;
}

/** Wrong last sequence, compared with the stored messages or with a message that is being stored. */
const wrongSequence = 10_071;
const wrongSequenceUnderWay = 10_164;
/** A message with the same id is being stored, or a message of the batch was stored before: the outcome is not known yet. */
const underWay = new Set([10_158, 10_201]);
const noMessageFound = 10_037;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

const ackOf = (message: Msg): Ack => {
  try {
    return JSON.parse(message.string()) as Ack;
  } catch (error) {
    return {
      error: { code: 0, err_code: 0, description: `not an answer of JetStream: ${(error as Error).message}` },
    };
  }
};

const errorOf = ({ code, err_code, description }: ApiError): Error =>
  new Error(`NATS refused the commit: ${description} (${code}, ${err_code})`);

const headerOf = (block: string, name: string): string | undefined =>
  block
    .split('\r\n')
    .find((line) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`))
    ?.slice(name.length + 1)
    .trim();

/** Writes commits to the stream. A result is either certain or `unknown`; it is never guessed. */
export class Publisher {
  readonly #link: NatsLink;
  readonly #stream: string;
  #batches = 0;

  constructor(link: NatsLink, stream: string) {
    this.#link = link;
    this.#stream = stream;
  }

  /** Stores one commit. */
  async one(publication: Publication): Promise<Published> {
    const { parts, subject, expected, id } = publication;
    const [part] = parts;
    if (part === undefined || parts.length > 1) return this.#several([publication]).then(([first]) => first!);
    try {
      const ack = ackOf(await this.#link.request(subject, part.body, this.#headers(part, id, expected)));
      if (ack.error) return this.#failed(ack.error);
      if (ack.stream !== this.#stream || ack.seq === undefined)
        return { kind: 'unknown', error: new Error(`the answer is of another stream: ${ack.stream}`) };
      return { kind: 'stored', sequence: ack.seq };
    } catch (error) {
      return this.#lost(error as Error);
    }
  }

  /** Stores all of them in one atomic batch, or none. Each is of another subject. */
  async together(publications: readonly Publication[]): Promise<readonly Published[]> {
    const [first] = publications;
    if (publications.length === 1 && first) return [await this.one(first)];
    return this.#several(publications);
  }

  /**
   * The message after `expected` on the subject, which won the comparison. Read from the leader of the stream, because a
   * replica may lag behind.
   */
  async winner(subject: string, expected: number): Promise<{ id: string; sequence: number } | undefined> {
    const query = JSON.stringify({ seq: expected + 1, next_by_subj: subject });
    const answer = await this.#link.request(`$JS.API.STREAM.MSG.GET.${this.#stream}`, encoder.encode(query));
    const { error, message } = JSON.parse(answer.string()) as {
      error?: ApiError;
      message?: { seq: number; hdrs?: string };
    };
    if (error?.err_code === noMessageFound) return undefined;
    if (error || !message) throw new Error(`the stream cannot be read: ${error?.description}`);
    const block = decoder.decode(Buffer.from(message.hdrs ?? '', 'base64'));
    return { id: headerOf(block, 'Nats-Msg-Id') ?? '', sequence: message.seq };
  }

  async #several(publications: readonly Publication[]): Promise<readonly Published[]> {
    const all = (published: Published) => publications.map(() => published);
    const batch = `${this.#stream}-${process.pid}-${Date.now().toString(36)}-${++this.#batches}`;
    const messages = publications.flatMap(({ subject, expected, id, parts }) =>
      parts.map((part, index) => ({
        subject,
        part,
        id: index === 0 ? id : `${id}/${index}`,
        expected,
        index,
      })),
    );
    try {
      let answered: Promise<Msg> | undefined;
      for (const [at, { subject, part, id, expected, index }] of messages.entries()) {
        // The server compares only the first message of each subject; the other parts of the batch follow it.
        const head = this.#headers(part, id, index === 0 ? expected : undefined);
        head.set('Nats-Batch-Id', batch);
        head.set('Nats-Batch-Sequence', String(at + 1));
        if (at < messages.length - 1) this.#link.connection.publish(subject, part.body, { headers: head });
        else {
          head.set('Nats-Batch-Commit', '1');
          answered = this.#link.request(subject, part.body, head);
        }
      }
      const ack = ackOf((await answered)!);
      if (ack.error) return all(this.#failed(ack.error));
      if (ack.seq === undefined || ack.count !== messages.length)
        return all({
          kind: 'unknown',
          error: new Error('the answer to a batch does not say what was stored'),
        });
      let sequence = ack.seq - messages.length;
      return publications.map(({ parts }) => {
        sequence += parts.length;
        return { kind: 'stored', sequence };
      });
    } catch (error) {
      return all(this.#lost(error as Error));
    }
  }

  #headers(part: EncodedCommit, id: string, expected: number | undefined): MsgHdrs {
    const head = headers();
    head.set('Nats-Msg-Id', id);
    head.set('Nats-Expected-Stream', this.#stream);
    if (expected !== undefined) head.set('Nats-Expected-Last-Subject-Sequence', String(expected));
    head.set(sumHeader, part.sum);
    return head;
  }

  #failed(error: ApiError): Published {
    if (error.err_code === wrongSequence) return { kind: 'conflict', isSettled: true };
    if (error.err_code === wrongSequenceUnderWay) return { kind: 'conflict', isSettled: false };
    if (underWay.has(error.err_code)) return { kind: 'unknown', error: errorOf(error) };
    return { kind: 'refused', error: errorOf(error) };
  }

  #lost(error: Error): Published {
    if (error instanceof AnswerLost) return { kind: 'unknown', error };
    if (error instanceof NotSent) return { kind: 'refused', error };
    // No stream accepts the subject: JetStream is off, or the stream does not exist any more.
    return { kind: 'refused', error: new Error('NATS has no stream for the commit', { cause: error }) };
  }
}

import { setTimeout as delay } from 'node:timers/promises';
import { subprotocol } from '@parley/protocol';
import { WebSocket } from 'ws';
import type { Random } from './random.ts';
import { oddJson, oddText, plainFrame, v1Frame } from './shapes.ts';
import type { Field } from './system.ts';

type Frame = Record<string, unknown>;

/** A connection of an agent that answers some of its turns rightly, some wrongly, and else says what comes to its mind. */
class Peer {
  readonly #field: Field;
  readonly #random: Random;
  readonly #dialect: 'plain' | 'v1';
  readonly #ws: WebSocket;

  constructor(field: Field, random: Random) {
    this.#field = field;
    this.#random = random;
    this.#dialect = random.chance(0.3) ? 'plain' : 'v1';
    this.#ws = new WebSocket(field.url, this.#dialect === 'v1' ? subprotocol : [], {
      maxPayload: 64 * 1024 * 1024,
    });
    this.#ws.on('error', () => {});
    this.#ws.on('message', (data) => this.#hear(String(data)));
  }

  async run(): Promise<void> {
    await new Promise((resolve) => this.#ws.once('open', resolve).once('close', resolve));
    const name = `${this.#random.of(this.#field.names)}${this.#dialect === 'v1' ? '' : '-p'}`;
    const capacity = 1 + this.#random.below(4);
    if (this.#random.chance(0.95))
      this.#send({ type: 'register', name, ...(this.#dialect === 'v1' && { capacity }) });
    const frames = 20 + this.#random.below(120);
    for (let i = 0; i < frames && this.#ws.readyState === this.#ws.OPEN && !this.#field.isOver; i++) {
      this.#ws.send(this.#text());
      if (this.#random.chance(0.02)) this.#ws.pause();
      await delay(this.#random.below(20));
    }
    if (this.#random.chance(0.5)) this.#ws.close();
    else this.#ws.terminate();
  }

  #send(frame: Frame): void {
    if (this.#ws.readyState === this.#ws.OPEN) this.#ws.send(JSON.stringify(frame));
  }

  #text(): string {
    const random = this.#random;
    if (random.chance(0.03)) return oddJson(random);
    if (this.#dialect === 'plain')
      return JSON.stringify(
        random.chance(0.6)
          ? { target: random.of(this.#field.names), text: oddText(random) }
          : plainFrame(random),
      );
    const frame = v1Frame(random);
    // Half of the frames are about something that is there.
    return JSON.stringify(
      typeof frame === 'object' && frame !== null && random.chance(0.6)
        ? {
            ...frame,
            ...('conversation' in frame && { conversation: this.#field.aConversation(random) }),
            ...this.#known(frame as Frame),
          }
        : frame,
    );
  }

  #known(frame: Frame): Frame {
    const random = this.#random;
    const { names } = this.#field;
    if (frame.type === 'open')
      return { members: [random.of(names), random.of(names), this.#field.agent], ref: `r${random.below(9)}` };
    return frame.type === 'say'
      ? { text: oddText(random), target: random.of(names), turn: random.below(8) }
      : {};
  }

  #hear(text: string): void {
    const frame = JSON.parse(text) as Frame;
    if (typeof frame.conversation === 'string') this.#field.saw(frame.conversation);
    if (frame.type !== 'turn' || this.#random.chance(0.2)) return;
    const place = { conversation: frame.conversation, turn: frame.turn };
    const usage = {
      inputTokens: this.#random.below(2e9),
      outputTokens: this.#random.below(100),
      model: 'gpt-4.1',
    };
    this.#send(
      frame.wanted === 'bid'
        ? { type: 'bid', ...place, score: this.#random.below(101) }
        : this.#random.chance(0.2)
          ? {
              type: 'pass',
              ...place,
              reason: 'rate-limited',
              detail: '\u001b[2J',
              retryAfterMs: this.#random.below(2 ** 40),
            }
          : { type: 'say', ...place, text: oddText(this.#random), usage, done: this.#random.chance(0.1) },
    );
  }
}

/** Connections one after the other until the round is over. */
export const peers = async (field: Field, random: Random): Promise<void> => {
  while (!field.isOver) {
    await new Peer(field, random.fork()).run();
    field.counts.connections++;
  }
};

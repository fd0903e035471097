import { setTimeout as delay } from 'node:timers/promises';
import { RawPeer, wsFrame } from '../harness/raw-peer.ts';

const send = (target: string, text: string) => wsFrame(JSON.stringify({ target, text }));

/** Two plain clients that answer each other for as long as they may, and count every line and its time. */
export class Innocents {
  /** Ms from a line being sent to its delivery, in the order of the lines. */
  readonly delays: number[] = [];
  #goesOn = true;
  readonly #done: Promise<void>;

  private constructor(one: RawPeer, two: RawPeer, names: readonly [string, string], paceMs: number) {
    this.#done = this.#talk(one, two, names, paceMs);
    this.#done.catch(() => {});
  }

  /** `paceMs`: time between a line and the next, so that no limit on the rate is what is measured. */
  static async start(port: number, names: readonly [string, string], paceMs = 0): Promise<Innocents> {
    const [one, two] = [await RawPeer.webSocket(port), await RawPeer.webSocket(port)];
    one.write(wsFrame(JSON.stringify({ type: 'register', name: names[0] })));
    two.write(wsFrame(JSON.stringify({ type: 'register', name: names[1] })));
    return new Innocents(one, two, names, paceMs);
  }

  /** Resolves when the line under way has arrived. Rejects if one was lost, came twice or out of order. */
  async stop(): Promise<void> {
    this.#goesOn = false;
    await this.#done;
  }

  async #talk(one: RawPeer, two: RawPeer, names: readonly [string, string], paceMs: number): Promise<void> {
    for (let line = 0; this.#goesOn; line++) {
      const [from, to, target] = line % 2 === 0 ? [one, two, names[1]] : [two, one, names[0]];
      const text = `${line}`;
      let started = performance.now();
      from.write(send(target, text));
      await Promise.race([
        to.until(`line ${line}`, () => to.texts.length > 0, 30_000),
        from.until(`line ${line}`, () => from.texts.length > 0, 30_000),
      ]);
      // A conversation that has run to its limit is refused once; the same line then opens the next.
      if (from.texts.some((frame) => JSON.parse(frame).code === 'conversation-ended')) {
        started = performance.now();
        from.write(send(target, text));
      }
      await to.until(`line ${line}`, () => to.texts.length > 0, 30_000);
      this.delays.push(performance.now() - started);
      const heard = to.texts.map((frame) => JSON.parse(frame).text as string);
      if (heard.length !== 1 || heard[0] !== text) throw new Error(`line ${line}: heard ${heard.join(', ')}`);
      // What was heard is forgotten, and pings that came with it are answered.
      for (const peer of [one, two]) peer.answerPings();
      if (paceMs > 0) await delay(paceMs);
    }
    // A goodbye: what was not confirmed would be delivered again to who comes next.
    for (const peer of [one, two]) peer.write(wsFrame(Buffer.from([3, 232]), { opcode: 8 }));
    await Promise.all([one.over(), two.over()]);
    one.destroy();
    two.destroy();
  }
}

export const percentile = (samples: readonly number[], share: number): number => {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
};

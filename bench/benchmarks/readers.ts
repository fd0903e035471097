import { rmSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { listedOfEach, writeLongConversations } from '../load/long-conversations.ts';
import { emptyDirectory } from '../measure/built.ts';
import { type Router, startRouter } from '../measure/parley.ts';
import { cpuMs } from '../measure/process-cost.ts';
import type { Figure, Outcome, Target } from '../measure/report.ts';
import { median, ratios } from '../measure/statistics.ts';
import { type Options, progress } from './options.ts';

const lengths = [100, 1_000, 10_000, 100_000] as const;
const [least, base, , most] = lengths;
const repeated = 10;

const http = (router: Router, path: string) => `http://127.0.0.1:${router.port}${path}`;

const whole = async (router: Router, path: string): Promise<string> => {
  const response = await fetch(http(router, path));
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return response.text();
};

/** A connection that registers `name`, sends `frames`, and closes when a frame satisfies `isLast`. */
const connection = (
  router: Router,
  name: string,
  frames: readonly object[],
  isLast: (text: string) => boolean,
) =>
  new Promise<void>((resolve, reject) => {
    const ws = new WebSocket(`ws://127.0.0.1:${router.port}`, 'parley.v1', { perMessageDeflate: false });
    ws.on('open', () => {
      for (const frame of [{ type: 'register', name }, ...frames]) ws.send(JSON.stringify(frame));
    });
    ws.on('message', (data) => {
      if (!isLast(String(data))) return;
      ws.on('close', () => resolve());
      ws.terminate();
    });
    ws.on('error', reject);
  });

/** Reads events after `since` until one has the position `last`. */
const events = async (router: Router, since: number, last: number): Promise<void> => {
  const stop = new AbortController();
  const response = await fetch(http(router, `/v1/events?since=${since}`), { signal: stop.signal });
  const mark = `id: ${last}\n`;
  let tail = '';
  for await (const part of response.body as unknown as AsyncIterable<Uint8Array>) {
    tail = (tail + Buffer.from(part).toString('latin1')).slice(-part.length - mark.length);
    if (tail.includes(mark)) break;
  }
  stop.abort();
};

type Work = (router: Router, length: number) => Promise<unknown>;

/** The requests for a conversation of each length. The cost is that of one request. */
const questions: Readonly<Record<string, Work>> = {
  'grant to a new connection': (router, length) =>
    connection(router, `ann-${length}`, [], (text) => text.startsWith('{"type":"turn"')),
  'page from its middle': (router, length) =>
    whole(router, `/v1/conversations/long-${length}?since=${length / 2}&limit=50`),
  'history of the last 50': (router, length) =>
    connection(
      router,
      `bob-${length}`,
      [{ type: 'history', conversation: `long-${length}`, since: length - 49 }],
      (text) => text.includes(`"seq":${length + 1},`),
    ),
};

const costOf = async (router: Router, times: number, work: () => Promise<unknown>): Promise<number> => {
  const before = cpuMs(router.child.pid);
  for (let time = 0; time < times; time++) await work();
  return (cpuMs(router.child.pid) - before) / times;
};

/** The list numbers of the conversations of each length. The longest are the newest. */
const listingPaths = async (router: Router): Promise<Map<number, string>> => {
  const paths = new Map<number, string>();
  let next: string | undefined = `/v1/conversations?limit=${listedOfEach}`;
  for (const length of lengths.toReversed()) {
    paths.set(length, next as string);
    const page = JSON.parse(await whole(router, next as string)) as { next?: string };
    // The running conversation is between the groups.
    next =
      page.next &&
      (JSON.parse(await whole(router, page.next.replace(/limit=\d+/, 'limit=1'))) as { next?: string }).next;
    next = next?.replace(/limit=\d+/, `limit=${listedOfEach}`);
  }
  return paths;
};

/** Whether a bounded read costs the same in a conversation of any length, and a whole read has linear cost. */
export const readers = async ({ rounds, profile }: Options): Promise<Outcome> => {
  const directory = emptyDirectory();
  const path = join(directory, 'ledger.sqlite');
  progress('writing a ledger of 700,000 entries');
  await writeLongConversations(path, lengths);
  const samples = new Map<string, number[]>();
  const add = (what: string, value: number) => samples.set(what, [...(samples.get(what) ?? []), value]);
  const loads: number[] = [];
  let listing: Map<number, string> | undefined;
  for (let round = 0; round < rounds; round++) {
    loads.push(loadavg()[0] ?? 0);
    const start = () => startRouter({ ledger: 'sqlite', profile, env: { ROUTER_LEDGER: path } });
    if (!listing) {
      const first = await start();
      listing = await listingPaths(first);
      await first.child.stop();
    }
    const router = await start();
    // Warm-up with the shortest conversations, so that the code is compiled.
    for (const work of Object.values(questions))
      await costOf(router, 3 * repeated, () => work(router, least));
    for (const length of lengths) {
      const path = listing.get(length) as string;
      add(
        `list after a restart, of ${length}`,
        (await costOf(router, 1, () => whole(router, path))) / listedOfEach,
      );
    }
    for (const [what, work] of Object.entries(questions))
      for (const length of lengths)
        add(`${what}, of ${length}`, await costOf(router, repeated, () => work(router, length)));
    for (const length of lengths) {
      const whole = `bob-${length}`;
      const history = [{ type: 'history', conversation: `long-${length}` }];
      const isLast = (text: string) => text.includes(`"seq":${length + 1},`);
      const times = Math.max(1, 1_000 / length);
      const cost = await costOf(router, times, () => connection(router, whole, history, isLast));
      add(`history from the beginning, per 1,000 entries, of ${length}`, (1_000 * cost) / length);
    }
    for (const length of lengths) {
      const times = Math.max(1, 1_000 / length);
      const cost = await costOf(router, times, () => events(router, 0, length));
      add(`catch-up of an event stream, per 1,000 entries, of ${length}`, (1_000 * cost) / length);
    }
    await router.child.stop();
    progress(`round ${round + 1} of ${rounds}, load ${loads.at(-1)}`);
  }
  rmSync(directory, { recursive: true, force: true });

  const of = (what: string, length: number) => samples.get(`${what}, of ${length}`) as number[];
  const claim = (what: string, from: number, atMost: number): Target => ({
    claim: `${what}: ${most.toLocaleString('en')} messages over ${from.toLocaleString('en')}`,
    measured: median(ratios(of(what, most), of(what, from))),
    atMost,
  });
  const figures: Figure[] = [...samples].map(([what, values]) => ({
    what,
    unit: 'ms of CPU',
    samples: values,
  }));
  return {
    figures: [...figures, { what: 'load average before each round', unit: 'processes', samples: loads }],
    targets: [
      claim('grant to a new connection', base, 1.5),
      claim('page from its middle', least, 1.5),
      claim('history of the last 50', least, 1.5),
      claim('list after a restart', base, 2),
      claim('history from the beginning, per 1,000 entries', base, 1.5),
      claim('catch-up of an event stream, per 1,000 entries', base, 1.5),
    ],
    remarks: [
      `Messages of 600 characters; those of the conversations that are listed have 40. A grant holds at most 512 KiB of entries, which is all of a conversation of 100 messages (75 KiB) and the newest 700 messages of a longer one: the ratio is therefore taken to 1,000 messages. The list is asked for once after each start, when nothing is held; its cost is that of one conversation.`,
    ],
  };
};

import { loadavg } from 'node:os';
import { type Browser, chromium, type Page } from 'playwright-core';
import { RunningRouter } from '../../tests/harness/parley.ts';
import { killAll } from '../../tests/harness/started-process.ts';
import { Peer } from '../../tests/observe/peer.ts';
import { program } from '../../tests/observe/programs.ts';
import { pause } from '../measure/parley.ts';
import { cpuMs, memoryKiB } from '../measure/process-cost.ts';
import type { Outcome } from '../measure/report.ts';
import { median } from '../measure/statistics.ts';
import { type Options, progress } from './options.ts';

const entries = 10_000;
const perSecond = 50;
const conversations = 500;
const measuredMs = 8_000;
const keys = 30;
const viewers = 10;

/** Frames of the page, and the time from each key press to the paint that follows it, in milliseconds. */
const watch = `
  window.gaps = []; window.keys = []; let before = performance.now();
  const frame = (now) => { window.gaps.push(now - before); before = now; requestAnimationFrame(frame); };
  requestAnimationFrame(frame);
  addEventListener('keydown', ({ timeStamp }) => requestAnimationFrame(() => setTimeout(() =>
    window.keys.push(performance.now() - timeStamp))), true);`;

const shareOf = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0;

/** Two agents that take one turn after the other in one long conversation. */
class LongTalk {
  readonly #peers: readonly [Peer, Peer];
  id = '';
  #said = 0;

  constructor(peers: readonly [Peer, Peer]) {
    this.#peers = peers;
    peers[0].send({
      ...{ type: 'open', ref: 'r', members: ['ann', 'bob'], topic: 'Long' },
      limits: { maxTurns: 0, maxDurationMs: 0 },
    });
  }

  async say(): Promise<void> {
    const speaker = this.#peers[this.#said % 2] as Peer;
    const { conversation, turn } = await speaker.next('turn');
    this.id = conversation;
    const text = `Message **${++this.#said}**: ${'some words of a reply '.repeat(8)}`;
    speaker.send({ type: 'say', conversation, turn, text });
  }

  /** So many entries a second, for so long. */
  async run(ms: number): Promise<void> {
    const started = performance.now();
    for (let sent = 0; performance.now() - started < ms; sent++) {
      await this.say();
      await pause(Math.max(0, started + (sent * 1_000) / perSecond - performance.now()));
    }
  }
}

/** What a page asks of the router while it shows a conversation: its events, and why its turn waits. */
const view = (http: string, id: string, stop: AbortSignal): void => {
  const follow = async () => {
    const response = await fetch(`${http}/v1/events?conversation=${id}&drafts=`, { signal: stop });
    for await (const _ of response.body ?? []) if (stop.aborted) return;
  };
  const ask = async () => {
    while (!stop.aborted) {
      await (await fetch(`${http}/v1/conversations/${id}?since=${entries}&limit=1`, { signal: stop })).text();
      await pause(2_000);
    }
  };
  for (const work of [follow, ask])
    work().catch((error: unknown) => {
      if (!stop.aborted) throw error;
    });
};

const renderersOf = async (browser: Browser): Promise<number[]> => {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => id);
};

type Note = (what: string, unit: string, sample: number) => void;

const frames = async (page: Page, what: string, note: Note, work: () => Promise<void>): Promise<void> => {
  await page.evaluate(watch);
  await work();
  const gaps = ((await page.evaluate('window.gaps')) as number[]).slice(2);
  note(`${what}: frame, p95`, 'ms', shareOf(gaps, 0.95));
  note(`${what}: frame, longest`, 'ms', Math.max(...gaps));
};

const measureTalk = async (browser: Browser, router: RunningRouter, talk: LongTalk, note: Note) => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const began = performance.now();
  await page.goto(`${router.http}/#/${talk.id}`);
  await page.locator('#transcript .said').first().waitFor();
  note('conversation: first entries', 'ms', performance.now() - began);
  await page.locator('#speak-text').click();
  await frames(page, 'conversation', note, async () => {
    const typing = async () => {
      for (let key = 0; key < keys; key++) {
        await page.keyboard.press('a');
        await pause(measuredMs / keys);
      }
    };
    await Promise.all([talk.run(measuredMs), typing()]);
  });
  note(
    'conversation: key to paint, p95',
    'ms',
    shareOf((await page.evaluate('window.keys')) as number[], 0.95),
  );
  note(
    'conversation: elements',
    '',
    (await page.evaluate('document.querySelectorAll("*").length')) as number,
  );
  const memory = (await renderersOf(browser)).map((pid) => memoryKiB(pid).rss / 1024);
  note('conversation: renderer, RSS', 'MiB', Math.max(...memory));
  await page.close();
};

const measureViewers = async (router: RunningRouter, talk: LongTalk, note: Note) => {
  const cost = async () => {
    const before = cpuMs(router.process.pid);
    await talk.run(measuredMs);
    return ((cpuMs(router.process.pid) - before) / measuredMs) * 100;
  };
  const alone = await cost();
  const stop = new AbortController();
  for (let i = 0; i < viewers; i++) view(router.http, talk.id, stop.signal);
  await pause(500);
  const watched = await cost();
  stop.abort();
  note('router without a viewer', '% of a core', alone);
  note(`router, ${viewers} viewers: more`, '% of a core', watched - alone);
};

const measureTable = async (browser: Browser, router: RunningRouter, note: Note) => {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  await page.goto(`${router.http}/#runs`);
  await page.locator('#runs .run').first().waitFor();
  await page.mouse.move(600, 500);
  await frames(page, 'table', note, async () => {
    const started = performance.now();
    for (let turn = 0; performance.now() - started < measuredMs; turn++) {
      await page.mouse.wheel(0, Math.floor(turn / 60) % 2 === 0 ? 400 : -400);
      await pause(16);
    }
  });
  await page.close();
};

/** How smoothly the console draws in Chromium, and what its viewers cost the router. */
export const consolePage = async ({ rounds }: Options): Promise<Outcome> => {
  const executablePath = program('chromium');
  if (!executablePath) throw new Error('there is no Chromium on this machine');
  const samples = new Map<string, { unit: string; samples: number[] }>();
  const note: Note = (what, unit, sample) => {
    const one = samples.get(what) ?? { unit, samples: [] };
    one.samples.push(sample);
    samples.set(what, one);
  };
  const loads = [loadavg()[0]];
  const router = await RunningRouter.start({
    ROUTER_MAX_REPETITION_PERCENT: '0',
    ROUTER_FRAMES_PER_SECOND: '100000',
    ROUTER_FRAME_BURST: '100000',
  });
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
  const peers = [await Peer.join(router.url, 'ann'), await Peer.join(router.url, 'bob')] as const;
  try {
    const talk = new LongTalk(peers);
    for (let i = 0; i < entries; i++) await talk.say();
    progress(`${entries} entries are written`);
    for (let round = 0; round < rounds; round++) {
      progress(`round ${round + 1}: a conversation of ${entries} entries`);
      await measureTalk(browser, router, talk, note);
      await measureViewers(router, talk, note);
      loads.push(loadavg()[0]);
    }
    for (let i = 0; i < conversations; i++) {
      peers[0].send({ type: 'open', ref: `${i}`, members: ['ann', 'bob'], topic: `Conversation ${i}` });
      await peers[0].next('accepted');
    }
    for (let round = 0; round < rounds; round++) {
      progress(`round ${round + 1}: the table of ${conversations} conversations`);
      await measureTable(browser, router, note);
      loads.push(loadavg()[0]);
    }
  } finally {
    for (const peer of peers) peer.close();
    await browser.close();
    await killAll();
  }
  const target = (what: string, atMost: number) => {
    const { unit, samples: all } = samples.get(what) ?? { unit: '', samples: [Number.POSITIVE_INFINITY] };
    return { claim: `${what} (${unit})`, measured: median(all), atMost };
  };
  return {
    figures: [...samples].map(([what, rest]) => ({ what, ...rest })),
    targets: [
      target('conversation: frame, p95', 50),
      target('conversation: key to paint, p95', 100),
      target('conversation: renderer, RSS', 250),
      target('conversation: first entries', 1_000),
      target('table: frame, p95', 50),
      target(`router, ${viewers} viewers: more`, 10),
    ],
    remarks: [
      `A conversation of ${entries} entries in which ${perSecond} are said in a second; a table of ${conversations} conversations that is scrolled without a stop. Chromium without a GPU, in one machine with the router and the agents.`,
      `A viewer here is what a page asks of the router: the events of the conversation, and its state every 2 s.`,
      `Load of the machine (average of a minute) from the beginning to the end: ${loads.map((load) => load?.toFixed(1)).join(', ')}. A load above the number of cores makes every time longer.`,
    ],
  };
};

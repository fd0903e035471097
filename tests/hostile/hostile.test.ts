import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RunningRouter } from '../harness/parley.ts';
import { until } from '../harness/poll.ts';
import { seeded } from '../harness/seeded.ts';
import { killAll } from '../harness/started-process.ts';
import { quickCases, slowCases } from './corpus.ts';
import { fuzz } from './fuzz.ts';
import { Innocents } from './innocents.ts';
import { readMetrics } from './metrics.ts';

const frames = Number(process.env.FUZZ_FRAMES ?? 100_000);
const folder = mkdtempSync(join(tmpdir(), 'parley-hostile-'));
let router: RunningRouter;
let port: number;
let pid: number;
let innocents: Innocents;
let fresh: number;

/** What docker-compose.yml gives the router in all. */
const heapMiB = 256;

/** `VmRSS`: resident memory now; `VmHWM`: the most that it was. */
const residentMiB = (which: 'VmRSS' | 'VmHWM') =>
  Number(new RegExp(`^${which}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) /
  1_024;

beforeAll(async () => {
  router = await RunningRouter.start({
    NODE_OPTIONS: `--max-old-space-size=${heapMiB}`,
    ROUTER_LEDGER: join(folder, 'ledger.sqlite'),
    ROUTER_FRAMES_PER_SECOND: '0',
    ROUTER_MAX_TURNS: '0',
    ROUTER_HEARTBEAT_SECONDS: '1',
    ROUTER_REGISTER_SECONDS: '2',
    // A plain client that owes an answer may be silent for so long.
    ROUTER_TURN_DEADLINE_SECONDS: '5',
    ROUTER_MAX_ATTEMPTS: '1',
  });
  port = Number(router.port);
  pid = router.process.pid;
  fresh = residentMiB('VmRSS');
  // A few hundred messages a second: the attacks, and not these two, are to use the processor.
  innocents = await Innocents.start(port, ['romeo', 'juliet'], 3);
});
afterAll(async () => {
  await killAll();
  rmSync(folder, { recursive: true });
});

describe('hostile peers', () => {
  test('there are at least 300 different hostile peers', () => {
    const titles = [...quickCases, ...slowCases].map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
    expect(titles.length).toBeGreaterThanOrEqual(300);
  });

  test.for(quickCases)('$title', ({ run }) => run(port));

  test.concurrent.for(slowCases)('$title', ({ run }) => run(port));
});

describe('fuzzed frames', () => {
  test(`the router reads ${frames} fuzzed frames`, { timeout: 600_000 }, async () => {
    const before = (await readMetrics(router.http)).frames;
    const sent = await fuzz({ port, frames, random: seeded('fuzz') });
    const read = (await readMetrics(router.http)).frames - before;
    console.info(`${sent} frames sent, ${read} read`);
    expect(sent).toBeGreaterThanOrEqual(frames);
    expect(read).toBeGreaterThan(sent / 2);
  });
});

describe('afterwards', () => {
  test('two normal clients have talked during all attacks and lost no message', async () => {
    await innocents.stop();
    expect(innocents.delays.length).toBeGreaterThan(1_000);
  });

  test('no connection is left after the attacks', async () => {
    await until('every connection is gone', async () => (await readMetrics(router.http)).connections === 0);
  });

  test('the router has never held more memory than --max-old-space-size and its buffers allow', () => {
    const most = residentMiB('VmHWM');
    console.info(`${Math.round(fresh)} MiB at the start, ${Math.round(most)} MiB at most`);
    expect(most).toBeGreaterThan(fresh);
    expect(most).toBeLessThan(fresh + heapMiB + 192);
  });

  test('the router is the same process after the attacks, and is ready', async () => {
    expect(router.process.pid).toBe(pid);
    expect((await fetch(`${router.http}/readyz`)).status).toBe(200);
    expect(router.process.log.filter(({ level }) => level === 'fatal' || level === 'error')).toEqual([]);
    expect(router.process.stderr).toBe('');
  });
});

import { loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { Innocents, percentile } from '../../tests/hostile/innocents.ts';
import { readMetrics } from '../../tests/hostile/metrics.ts';
import { type Child, startChild } from '../measure/child.ts';
import { pause, type Router, startRouter, until } from '../measure/parley.ts';
import { memoryKiB } from '../measure/process-cost.ts';
import type { Outcome } from '../measure/report.ts';
import { median, ratios } from '../measure/statistics.ts';
import { type Options, progress } from './options.ts';

const million = 1_000_000;
const warmUpFrames = 500_000;
const seed = '20200229';
const phaseMs = 6_000;
/** Frames a second, well below the limit of the rate. */
const paceMs = 25;
const settleMs = 6_000;
/** The time in which a router returns memory after an attack. */
const calmMs = 15_000;
const attackers = 50;
/** Several pairs, because one pair gives too few samples for a 99th percentile. */
const innocentPairs = 4;

const attack = (router: Router, frames: number, workers: number): Child =>
  startChild({
    args: [
      fileURLToPath(new URL('../../tests/hostile/attack.ts', import.meta.url)),
      ...[router.port, frames, workers].map(String),
    ],
    env: { PARLEY_SEED: seed },
    core: 1,
  });

const httpOf = ({ port }: Router) => `http://127.0.0.1:${port}`;

/** Lets the benchmark trigger garbage collections, so that live memory is compared. */
const collecting = `--expose-gc --import=data:text/javascript,process.on('SIGUSR2',()=>gc())`;

/** The minimum after several full collections, because one may come while objects are still referenced. */
const heldMiB = async (router: Router): Promise<number> => {
  let least = Number.POSITIVE_INFINITY;
  for (let collection = 0; collection < 5; collection++) {
    process.kill(router.child.pid, 'SIGUSR2');
    await pause(1_000);
    least = Math.min(least, (await readMetrics(httpOf(router))).heapBytes / 2 ** 20);
  }
  return least;
};

/** The latencies in ms of messages between pairs of normal clients. No metrics are read meanwhile. */
const talk = async (router: Router, forMs: number): Promise<number[]> => {
  const innocents = await Promise.all(
    Array.from({ length: innocentPairs }, (_, i) =>
      Innocents.start(router.port, [`romeo-${i}`, `juliet-${i}`], paceMs),
    ),
  );
  await pause(forMs);
  await Promise.all(innocents.map((pair) => pair.stop()));
  return innocents.flatMap(({ delays }) => delays);
};

/** The minimum of resident memory while the normal clients talk, and the live part of it. */
const settled = async (router: Router) => {
  const readings: number[] = [];
  const reader = setInterval(() => readings.push(memoryKiB(router.child.pid).rss / 1_024), 250);
  await talk(router, settleMs);
  clearInterval(reader);
  return { rssMiB: Math.min(...readings), heapMiB: await heldMiB(router) };
};

/** Sends a million fuzzed frames at full speed and measures the memory afterwards. */
const memory = async () => {
  const env = {
    ROUTER_MAX_DURATION_SECONDS: '2',
    ROUTER_MAX_TURNS: '40',
    ROUTER_MAILBOX_AGE_SECONDS: '5',
    NODE_OPTIONS: collecting,
  };
  const router = await startRouter({ ledger: 'sqlite', core: 0, env });
  const send = async (frames: number) => {
    const child = attack(router, frames, 8);
    const { sent } = await child.message<{ sent: number }>();
    await child.stop();
    await until(async () => (await readMetrics(httpOf(router))).connections === 0, 'all attackers are gone');
    await pause(calmMs);
    return sent;
  };
  const fresh = await readMetrics(httpOf(router));
  await send(warmUpFrames);
  const before = await settled(router);
  const framesBefore = (await readMetrics(httpOf(router))).frames;
  const started = performance.now();
  const sent = await send(million);
  const seconds = (performance.now() - started - calmMs) / 1_000;
  const read = (await readMetrics(httpOf(router))).frames - framesBefore;
  const after = await settled(router);
  await router.child.stop();
  return { freshMiB: fresh.residentBytes / 2 ** 20, before, after, sent, read, seconds };
};

/** Whether a router survives an attack, frees its memory, and serves normal clients in time. */
export const hostile = async ({ rounds }: Options): Promise<Outcome> => {
  const { freshMiB, before, after, sent, read, seconds } = await memory();
  progress(
    `${sent} frames: heap ${before.heapMiB} to ${after.heapMiB} MiB, RSS ${before.rssMiB} to ${after.rssMiB}`,
  );

  // Not pinned to one core: its garbage collector and compiler would delay the main thread by 16 ms each time.
  const router = await startRouter({
    ledger: 'sqlite',
    env: { ROUTER_FRAMES_PER_SECOND: '50', ROUTER_MAX_DURATION_SECONDS: '2' },
  });
  // Warm-up with both kinds of work, as above, so that the code of the router is compiled.
  const first = attack(router, 1e9, attackers);
  await talk(router, phaseMs);
  await first.stop();
  const quiet: number[] = [];
  const attacked: number[] = [];
  const rates: number[] = [];
  const loads: number[] = [];
  for (let round = 0; round < rounds; round++) {
    loads.push(loadavg()[0] ?? 0);
    quiet.push(percentile(await talk(router, phaseMs), 0.99));
    const frames = (await readMetrics(httpOf(router))).frames;
    const child = attack(router, 1e9, attackers);
    const delays = await talk(router, phaseMs);
    await child.stop();
    attacked.push(percentile(delays, 0.99));
    const innocent = delays.length;
    rates.push((((await readMetrics(httpOf(router))).frames - frames - innocent) / phaseMs) * 1_000);
    progress(`p99 ${quiet.at(-1)?.toFixed(2)} ms quiet, ${attacked.at(-1)?.toFixed(2)} ms under attack`);
  }
  await router.child.stop();

  const slowdown = ratios(attacked, quiet);
  return {
    figures: [
      { what: 'fuzzed frames sent', unit: 'frames', samples: [sent] },
      { what: 'fuzzed frames read', unit: 'frames', samples: [read] },
      { what: 'read at', unit: 'frames/s', samples: [read / seconds] },
      { what: 'heap before', unit: 'MiB', samples: [before.heapMiB] },
      { what: 'heap after', unit: 'MiB', samples: [after.heapMiB] },
      { what: 'RSS of the router when it has just started', unit: 'MiB', samples: [freshMiB] },
      { what: 'RSS before', unit: 'MiB', samples: [before.rssMiB] },
      { what: 'RSS after', unit: 'MiB', samples: [after.rssMiB] },
      { what: 'p99 of a line, quiet', unit: 'ms', samples: quiet },
      { what: 'p99 of a line, under attack', unit: 'ms', samples: attacked },
      { what: 'p99 under attack over quiet', unit: 'ratio', samples: slowdown },
      { what: 'load average of the machine before each round', unit: 'processes', samples: loads },
      { what: 'hostile frames read meanwhile', unit: 'frames/s', samples: rates },
    ],
    targets: [
      {
        claim: 'heap after a million fuzzed frames over before',
        measured: after.heapMiB / before.heapMiB,
        atMost: 1.1,
      },
      {
        claim: 'RSS after a million fuzzed frames over before',
        measured: after.rssMiB / before.rssMiB,
        atMost: 1.1,
      },
      { claim: 'p99 of other clients under attack over quiet', measured: median(slowdown), atMost: 2 },
    ],
    remarks: [
      `Seed ${seed}. Memory: no limit on the rate of frames; before: after a warm-up of ${warmUpFrames} fuzzed frames; heap after a full collection; RSS the lowest while the innocent talk for ${settleMs / 1_000} s.`,
      `p99: default limits, ${attackers} attacking connections at a time, each replaced when the router ends it; they have the least priority (nice 19). The ratio says something only where the quiet p99 is a few ms in every round: on a busy machine a high quiet p99 hides the attack.`,
    ],
  };
};

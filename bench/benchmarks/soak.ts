import { bundled } from '../measure/built.ts';
import { startChild } from '../measure/child.ts';
import { pause, startRouter } from '../measure/parley.ts';
import { memoryKiB } from '../measure/process-cost.ts';
import type { Outcome } from '../measure/report.ts';
import { regression } from '../measure/statistics.ts';
import { type Options, progress } from './options.ts';

/** One conversation of 20 turns and one plain message every 100 ms: 200 turns a second. */
const everyMs = 100;
const turnsEach = 20;
const sampleMs = 1_000;
/** The warm-up: caches fill and code is compiled, so growth in this time is no leak. */
const warmUpShare = 0.2;
/** Garbage collection makes the heap rise and fall. A leak raises the lowest value of each bin. */
const bins = 24;

interface Sample {
  minutes: number;
  heapKiB: number;
  rssKiB: number;
}
interface Work {
  turns: number;
  ended: number;
  lines: number;
}

const heapBytes = async (port: number): Promise<number> => {
  const body = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const found = /^nodejs_heap_size_used_bytes(?:\{[^}]*\})? (\S+)$/m.exec(body);
  if (!found) throw new Error('/metrics has no nodejs_heap_size_used_bytes');
  return Number(found[1]);
};

/** The lowest value of each of `bins` periods. */
const floors = (samples: readonly Sample[], of: 'heapKiB' | 'rssKiB'): [number, number][] => {
  const width = Math.ceil(samples.length / bins);
  return Array.from({ length: Math.ceil(samples.length / width) }, (_, bin) => {
    const lowest = samples
      .slice(bin * width, (bin + 1) * width)
      .reduce((least, sample) => (sample[of] < least[of] ? sample : least));
    return [lowest.minutes, lowest[of]];
  });
};

/** Whether memory grows under steady load, with the sqlite ledger. */
export const soak = async ({ minutes, profile }: Options): Promise<Outcome> => {
  const router = await startRouter({ ledger: 'sqlite', profile });
  const clients = startChild({
    args: [await bundled('load/turn-clients.ts'), ...[router.port, everyMs, turnsEach].map(String)],
  });
  const samples: Sample[] = [];
  const began = performance.now();
  for (let last = 0; last < minutes; ) {
    await pause(sampleMs);
    last = (performance.now() - began) / 60_000;
    const heapKiB = (await heapBytes(router.port)) / 1024;
    samples.push({ minutes: last, heapKiB, rssKiB: memoryKiB(router.child.pid).rss });
    if (samples.length % 60 === 0) progress(`${last.toFixed(1)} min: heap ${Math.round(heapKiB)} KiB`);
  }
  clients.send({});
  const work = await clients.message<Work>();
  await clients.stop();
  await router.child.stop();

  const steady = samples.filter((sample) => sample.minutes >= minutes * warmUpShare);
  const heap = regression(floors(steady, 'heapKiB'));
  const rss = regression(floors(steady, 'rssKiB'));
  return {
    figures: [
      { what: 'heap, lowest of each stretch: slope', unit: 'KiB/min', samples: [heap.slope] },
      { what: 'heap: standard error of the slope', unit: 'KiB/min', samples: [heap.error] },
      { what: 'heap: level', unit: 'KiB', samples: [heap.level] },
      { what: 'RSS: slope', unit: 'KiB/min', samples: [rss.slope] },
      { what: 'RSS: standard error of the slope', unit: 'KiB/min', samples: [rss.error] },
      { what: 'RSS: level', unit: 'KiB', samples: [rss.level] },
      { what: 'length', unit: 'min', samples: [minutes] },
      { what: 'turns taken', unit: 'turns', samples: [work.turns] },
      { what: 'conversations ended', unit: 'conversations', samples: [work.ended] },
      { what: 'plain lines delivered', unit: 'lines', samples: [work.lines] },
    ],
    targets: [{ claim: 'heap slope over its standard error', measured: heap.slope / heap.error, atMost: 2 }],
  };
};

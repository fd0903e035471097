import { execFileSync, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';
import type { Figure, Outcome } from '../measure/report.ts';
import { median } from '../measure/statistics.ts';
import { type Options, progress } from './options.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const base = 'node:24-bookworm-slim';
/** From `docker compose up` on, in the terminal of the user. */
const moments = {
  'the conversation is announced': /^watch-1 +\| alice, bob on: /,
  'the first sentence of an agent': /^watch-1 +\| alice: \S/,
  'the answer to it': /^watch-1 +\| bob: \S/,
} as const;

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });

/** `docker compose up` of this checkout under a name of its own, with the images that are there; the milliseconds until each moment. */
const round = async (): Promise<Map<string, number>> => {
  const env = {
    ...process.env,
    COMPOSE_PROJECT_NAME: 'parley-bench-first-sentence',
    PARLEY_PORT: String(await freePort()),
  };
  const began = performance.now();
  const up = spawn('docker', ['compose', 'up', '--no-build'], {
    cwd: repository,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const seen = new Map<string, number>();
  try {
    for await (const line of createInterface({ input: up.stdout })) {
      const shown = stripVTControlCharacters(line);
      for (const [moment, pattern] of Object.entries(moments))
        if (!seen.has(moment) && pattern.test(shown)) seen.set(moment, performance.now() - began);
      if (seen.size === Object.keys(moments).length) return seen;
    }
    throw new Error('docker compose up ended before the second message');
  } finally {
    execFileSync('docker', ['compose', 'down', '--volumes', '--timeout', '1'], {
      cwd: repository,
      env,
      stdio: 'ignore',
    });
  }
};

/** What a new user waits for after `docker compose up`. Needs an engine and the images (`make images`). */
export const firstSentence = async ({ rounds }: Options): Promise<Outcome> => {
  const samples = new Map<string, number[]>();
  const note = (what: string, ms: number) => samples.set(what, [...(samples.get(what) ?? []), ms / 1_000]);
  for (let count = 1; count <= rounds; count++) {
    progress(`round ${count}`);
    const began = performance.now();
    execFileSync('docker', ['run', '--rm', base, 'true']);
    note('the engine alone: one container runs `true`', performance.now() - began);
    for (const [moment, ms] of await round()) note(moment, ms);
  }
  const figures: Figure[] = [...samples].map(([what, each]) => ({ what, unit: 's', samples: each }));
  const sentence: keyof typeof moments = 'the first sentence of an agent';
  return {
    figures,
    targets: [{ claim: `${sentence} (s)`, measured: median(samples.get(sentence)!), atMost: 8 }],
    remarks: [
      'A rehearsed reply takes 1.5 s by itself (AGENT_REHEARSAL_DELAY_MS), so that people can read along.',
    ],
  };
};

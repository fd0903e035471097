/** The long form: `npm run fuzz -- [--minutes 10] [--seed N]`. Exits 1 when something was not as it must be. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { killAll } from '../harness/started-process.ts';
import { freePort } from './free-port.ts';
import { fuzz } from './fuzz.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 32)) },
  },
});
const folder = mkdtempSync(join(tmpdir(), 'parley-fuzz-'));
try {
  const { problems, done } = await fuzz({
    seed: Number(values.seed),
    ms: Number(values.minutes) * 60_000,
    folder,
    port: await freePort(),
    say: console.log,
  });
  console.log(JSON.stringify(done));
  for (const problem of problems) console.log(problem);
  console.log(problems.length === 0 ? 'nothing found' : `kept: ${folder}`);
  if (problems.length === 0) rmSync(folder, { recursive: true });
  else process.exitCode = 1;
} finally {
  await killAll();
}

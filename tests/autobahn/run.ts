import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { repository, StartedProcess } from '../harness/started-process.ts';

/**
 * Runs Autobahn's cases against the router's webSocketServer: `npm run autobahn`. They are played by kosoku
 * (`pip install kosoku`), which carries the case files of the Autobahn test suite. `--reports DIRECTORY` judges a
 * report that another runner wrote, for example `wstest` itself.
 */

/** Cases that this router fails on purpose, and why. Everything else must pass. */
const refused: readonly { readonly cases: RegExp; readonly why: string }[] = [
  { cases: /^(1\.2|9\.[2468])\./, why: 'binary frames are answered with 1003 (PROTOCOL 2.1)' },
  { cases: /^9\.(1\.[456]|3\.\d)$/, why: 'messages of more than 1 MiB are answered with 1009' },
  { cases: /^1[23]\./, why: 'permessage-deflate is never negotiated (PROTOCOL 2.7)' },
];

type Verdicts = Record<string, { readonly behavior: string }>;

const play = async (folder: string): Promise<void> => {
  const server = new StartedProcess('echo server', process.execPath, {
    args: [join(repository, 'tests/autobahn/echo-server.ts')],
  });
  const url = await server.when('its url', ({ stdout }) => /ws:\/\/(\S+)/.exec(stdout)?.[1]);
  const runner = spawn(process.env.KOSOKU ?? 'kosoku', ['-x', '12.*', '-x', '13.*', '-o', folder, url], {
    stdio: 'ignore',
  });
  await once(runner, 'exit').catch((error: Error) => {
    console.error(`kosoku does not start (${error.message}); pip install kosoku, or set KOSOKU to its path`);
    process.exit(2);
  });
  await server.kill('SIGTERM');
};

const { values } = parseArgs({ options: { reports: { type: 'string' } } });
const folder = values.reports ?? mkdtempSync(join(tmpdir(), 'parley-autobahn-'));
if (!values.reports) await play(folder);
const index: Record<string, Verdicts> = JSON.parse(readFileSync(join(folder, 'index.json'), 'utf8'));
if (!values.reports) rmSync(folder, { recursive: true });

const groups = new Map<string, string[]>();
for (const [id, { behavior }] of Object.entries(Object.values(index)[0] ?? {})) {
  const why = refused.find(({ cases }) => cases.test(id))?.why;
  const failed = behavior === 'FAILED' || behavior === 'UNIMPLEMENTED' || behavior === 'WRONG CODE';
  const group = !failed ? behavior : why ? `refused on purpose: ${why}` : behavior;
  groups.set(group, [...(groups.get(group) ?? []), id]);
}
for (const [group, ids] of groups) console.log(`${String(ids.length).padStart(4)}  ${group}`);
const bad = [...groups].filter(([group]) => /^(FAILED|UNIMPLEMENTED|WRONG CODE)$/.test(group));
for (const [group, ids] of bad) console.log(`${group}: ${ids.join(', ')}`);
if (groups.size === 0 || bad.length > 0) process.exitCode = 1;

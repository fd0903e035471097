import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EntryOf } from '@parley/protocol';
import { verifyLedger } from '@parley/router/ledger/verify';
import { afterEach, describe, expect, it } from 'vitest';
import { RunningRouter, temporaryFolder } from '../harness/parley.ts';
import { killAll, repository } from '../harness/started-process.ts';

afterEach(killAll);

/** True where a C compiler can make the library that lets syncs fail. In CI that is expected, elsewhere it is said. */
const canCompile = (() => {
  if (process.platform === 'linux' && spawnSync('cc', ['--version']).status === 0) return true;
  console.warn('the tests of failing syncs are skipped: they need Linux and a C compiler');
  return false;
})();

const compiled = (folder: string): string => {
  const library = join(folder, 'failing-sync.so');
  const source = join(repository, 'tests/failing-sync/failing-sync.c');
  const { status, stderr } = spawnSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl'], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return library;
};

describe.runIf(canCompile)('a router whose disk fails a sync', () => {
  it('a router whose disk fails a sync refuses the entries, which do not exist after a kill, while later ones do', {
    timeout: 90_000,
  }, async () => {
    const folder = temporaryFolder();
    const flag = join(folder, 'syncs-fail');
    const ledger = join(folder, 'ledger.sqlite');
    const router = await RunningRouter.start({
      ROUTER_LEDGER: ledger,
      LD_PRELOAD: compiled(folder),
      FAILING_SYNC: flag,
    });
    const post = async (path: string, body: object) => {
      const response = await fetch(`${router.http}/v1/conversations${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      return { status: response.status, body: (await response.json()) as { conversation: string } };
    };
    const { conversation } = (await post('', { members: ['ann', 'bob'], policy: 'open', opening: 'one' }))
      .body;
    const say = async (text: string) => (await post(`/${conversation}/say`, { text })).status;
    const said = async () =>
      (await router.entries(conversation))
        .filter((entry): entry is EntryOf<'said'> => entry.type === 'said')
        .map(({ text }) => text);

    writeFileSync(flag, '');
    expect(await say('refused')).toBe(503);
    // Longer than the one before: what it leaves in the log reaches further.
    expect(await say(`refused, too ${'x'.repeat(20_000)}`)).toBe(503);
    await router.process.kill('SIGKILL');
    rmSync(flag);
    await router.startAgain();
    expect(await said()).toEqual(['one']);

    writeFileSync(flag, '');
    expect(await say('refused')).toBe(503);
    rmSync(flag);
    expect(await say('two')).toBe(200);
    await router.crashAndRestart();
    expect(await said()).toEqual(['one', 'two']);
    await router.process.kill('SIGTERM');
    expect(verifyLedger(ledger).faults).toEqual([]);
  });
});

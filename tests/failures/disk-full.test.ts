import { spawnSync } from 'node:child_process';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { verifyLedger } from '@parley/router/ledger/verify';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import { RunningRouter, startAgent, temporaryFolder } from '../harness/parley.ts';
import { until } from '../harness/poll.ts';
import { killAll } from '../harness/started-process.ts';
import { expectWhole } from '../harness/whole-conversation.ts';

afterEach(killAll);

const mount = (folder: string): string | undefined => {
  const { status, stderr, error } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', folder], {
    encoding: 'utf8',
  });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
};

/** True when this process may mount a small disk. On a machine for tests that is expected, on a laptop it is said. */
const canMount = (() => {
  const probe = process.getuid?.() === 0 ? undefined : 'only root mounts';
  if (probe === undefined || process.env.CI === 'true') return true;
  console.warn(`the tests of a full disk are skipped: ${probe}`);
  return false;
})();

/** A disk of two megabytes that can be filled and freed. */
const smallDisk = () => {
  const folder = temporaryFolder();
  const problem = mount(folder);
  if (problem !== undefined) throw new Error(`no small disk can be mounted: ${problem}`);
  onTestFinished(() => {
    spawnSync('umount', ['-l', folder]);
  });
  const filler = join(folder, 'filler');
  return {
    folder,
    fill() {
      const { bavail, bsize } = statfsSync(folder);
      writeFileSync(filler, Buffer.alloc(Number(bavail) * Number(bsize)));
    },
    free: () => rmSync(filler),
  };
};

describe.runIf(canMount)('a router whose disk is full', () => {
  it('a router whose disk is full refuses new entries, still serves reads, and continues when there is space', {
    timeout: 90_000,
  }, async () => {
    const disk = smallDisk();
    const ledger = join(disk.folder, 'ledger.sqlite');
    const router = await RunningRouter.start({ ROUTER_LEDGER: ledger, ROUTER_TURN_DEADLINE_SECONDS: '1' });
    const env = { ROUTER_URL: router.url, AGENT_REHEARSAL_DELAY_MS: '40', AGENT_MAX_TURNS: '60' };
    startAgent(['alice', 'bob', 'alice'], env);
    startAgent(['bob', 'alice', 'alice'], env);
    const open = () =>
      fetch(`${router.http}/v1/conversations`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ members: ['carol', 'dave'], topic: 'x'.repeat(3_000) }),
      });

    const { id } = await router.when('under way', ({ turns }) => turns >= 10);
    disk.fill();
    // Pages that the log already has are written over, so it takes a moment until the disk is full.
    const refused = await until('an open is refused', async () => {
      const response = await open();
      return response.status !== 201 && response;
    });
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ error: { code: 'unavailable' } });
    const failures = async () => {
      const metrics = await (await fetch(`${router.http}/metrics`)).text();
      return Number(/^parley_ledger_failures_total (\d+)$/m.exec(metrics)?.[1]);
    };
    const early = await failures();
    expect(early).toBeGreaterThan(0);
    // Turns run out of time meanwhile, and that cannot be written either.
    await until('more failures', async () => (await failures()) > early + 20);
    const shown = await router.entries(id);
    expect(shown.length).toBeGreaterThan(10);
    expect((await fetch(`${router.http}/healthz`)).status).toBe(200);

    disk.free();
    await until('an open is accepted', async () => (await open()).status === 201);
    await router.ended('alice', 30_000);
    const entries = await router.entries(id);
    expect(entries.slice(0, shown.length)).toEqual(shown);
    expectWhole(entries, { turns: 60, circle: ['alice', 'bob'] });

    const failuresTold = router.process.log.filter(({ msg }) => msg === 'the ledger failed');
    expect(failuresTold.length).toBeGreaterThan(0);
    expect(failuresTold.length).toBeLessThan(20);
    expect(await router.process.kill('SIGTERM')).toMatchObject({ code: 0 });
    expect(verifyLedger(ledger).faults).toEqual([]);
  });
});

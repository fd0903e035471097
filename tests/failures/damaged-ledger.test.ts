import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { openSqliteLedger } from '@parley/router/ledger/sqlite';
import { afterEach, describe, expect, it } from 'vitest';
import { finished, lines, opened } from '../../services/router/test/ledger/ledger-entries.ts';
import { RunningRouter, spawnRouter, spawnRouterCommand, temporaryFolder } from '../harness/parley.ts';
import { killAll } from '../harness/started-process.ts';

afterEach(killAll);

/** A ledger with a conversation that runs and two that have ended, harmed by `sql`. */
const harmed = async (sql: string): Promise<string> => {
  const path = join(temporaryFolder(), 'ledger.sqlite');
  const ledger = openSqliteLedger(path);
  await ledger.append([
    { conversation: 'sound', expectedSeq: 0, entries: finished(5) },
    { conversation: 'broken', expectedSeq: 0, entries: finished(5) },
    { conversation: 'running', expectedSeq: 0, entries: [opened(Date.now()), ...lines(2, 5)] },
  ]);
  // As if everything had been delivered: what is older is not read at start.
  ledger.mark(new Map([['', ledger.position()]]));
  ledger.close();
  const database = new DatabaseSync(path);
  database.exec(sql);
  database.close();
  return path;
};

describe('a router with a damaged ledger', () => {
  it('a router with a damaged running conversation does not start, and names file and place', async () => {
    const path = await harmed(
      "UPDATE entries SET body = replace(body, 'a line 3', 'a lime 3') WHERE position = 13",
    );
    const router = spawnRouter({ ROUTER_LEDGER: path });
    expect(await router.exit()).toMatchObject({ code: 1 });
    expect(router.stderr).toBe(
      `parley-router: ROUTER_LEDGER: ${path} is damaged: entry 3 of conversation running (position 13) does not match its checksum\n`,
    );
  });

  it('a router with a damaged ledger shows intact conversations, disconnects readers of damaged ones, and continues', async () => {
    const path = await harmed(
      "UPDATE entries SET body = replace(body, 'a line 3', 'a lime 3') WHERE position = 8",
    );
    const router = await RunningRouter.start({ ROUTER_LEDGER: path });
    expect((await router.conversations()).map(({ id }) => id)).toEqual(['running', 'sound']);
    expect(await router.entries('sound')).toHaveLength(5);
    expect((await fetch(`${router.http}/v1/conversations/broken`)).status).toBe(404);
    await expect(fetch(`${router.http}/v1/events?since=0`).then((events) => events.text())).rejects.toThrow();
    const later = await fetch(`${router.http}/v1/events?since=9`);
    const first = await later.body?.getReader().read();
    expect(new TextDecoder().decode(first?.value)).toContain('retry: 1000');
    expect((await fetch(`${router.http}/healthz`)).status).toBe(200);
    await router.process.logged('the ledger failed');
    const metrics = await (await fetch(`${router.http}/metrics`)).text();
    expect(Number(/^parley_ledger_failures_total (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(1);
  });

  it('a router with a damaged ledger copies its ledger on SIGUSR2, and the copy verifies', async () => {
    const path = await harmed('SELECT 1');
    const router = await RunningRouter.start({ ROUTER_LEDGER: path });
    router.process.signal('SIGUSR2');
    expect(await router.process.logged('ledger copied')).toMatchObject({ target: `${path}.backup` });
    const copy = openSqliteLedger(`${path}.backup`);
    expect(copy.read('running', 0, 99)).toEqual(await router.entries('running'));
    copy.close();
  });

  it('a running router copies its ledger when `parley-router backup` asks it to, and the copy can be restored', async () => {
    const path = await harmed('SELECT 1');
    const router = await RunningRouter.start({ ROUTER_LEDGER: path });
    const command = (...args: string[]) => spawnRouterCommand(args, { ROUTER_LEDGER: path }).exited;
    expect(await command('backup', `${path}.copy`)).toMatchObject({ code: 0 });
    expect(await command('verify', `${path}.copy`)).toMatchObject({ code: 0 });
    expect(await command('restore', `${path}.copy`)).toMatchObject({ code: 1 });
    const before = await router.entries('running');
    await router.process.kill('SIGKILL');
    expect(await command('restore', `${path}.copy`)).toMatchObject({ code: 0 });
    await router.startAgain();
    expect(await router.entries('running')).toEqual(before);
  });
});

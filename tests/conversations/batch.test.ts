import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { parley } from '../harness/command-line.ts';
import { RunningRouter, temporaryFolder } from '../harness/parley.ts';
import { until } from '../harness/poll.ts';
import { killAll } from '../harness/started-process.ts';

afterEach(killAll);

const outcomesIn = (folder: string) =>
  readFileSync(join(folder, 'state.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) => JSON.parse(line) as { cell: string; conversation: string; turns: number });

describe('parley batch', () => {
  it('parley batch continues where it was killed, and runs no cell twice', async () => {
    const folder = join(temporaryFolder(), 'batch');
    const args = [
      'batch',
      'scenarios/relay.yaml',
      '--runs',
      '4',
      '--vary',
      'limits.turns=6,8',
      '--concurrency',
      '2',
      '--out',
      folder,
    ];
    const slow = { AGENT_REHEARSAL_DELAY_MS: '40' };
    const first = parley(args, slow);
    await first.when('two runs', ({ stderr }) => /^2\/8 /m.exec(stderr) ?? undefined);
    await first.kill('SIGKILL');
    const before = outcomesIn(folder);
    expect(before.length).toBeLessThan(8);
    const second = parley(args, slow);
    expect(await second.exit(60_000), second.stderr).toEqual({ code: 0, signal: null });
    expect(second.stderr).toContain(`${before.length} runs are done`);
    const after = outcomesIn(folder);
    expect(after.slice(0, before.length)).toEqual(before);
    expect(new Set(after.map(({ cell }) => cell)).size).toBe(8);
    expect(after).toHaveLength(8);
    expect(new Set(after.map(({ conversation }) => conversation)).size).toBe(8);
    expect(second.stdout).toMatch(/^limits\.turns=6 +4 +6\.0 .*max-turns 4$/m);
    expect(second.stdout).toMatch(/^limits\.turns=8 +4 +8\.0 /m);
    const other = parley([...args, '--set', 'topic=another']);
    expect(await other.exit()).toEqual({ code: 1, signal: null });
    expect(other.stderr).toMatch(/holds another batch/);
  });

  it('parley batch ignores the pace of a scenario', async () => {
    const folder = join(temporaryFolder(), 'batch');
    const change = ['--turns', '4', '--set', 'turn.pace=1 h'];
    const batch = parley(['batch', 'scenarios/interview.yaml', '--runs', '1', ...change, '--out', folder]);
    expect(await batch.exit(30_000), batch.stderr).toEqual({ code: 0, signal: null });
    expect(outcomesIn(folder)).toMatchObject([{ turns: 4 }]);
  });

  it('parley batch lets only one of two processes use its folder, even on a shared router', async () => {
    const folder = join(temporaryFolder(), 'batch');
    const router = await RunningRouter.start();
    const changes = ['--runs', '3', '--turns', '6', '--out', folder, '--url', router.url];
    const start = () =>
      parley(['batch', 'scenarios/relay.yaml', ...changes], { AGENT_REHEARSAL_DELAY_MS: '40' });
    const both = [start(), start()];
    const exits = await Promise.all(both.map((one) => one.exit(60_000)));
    const output = both.map(({ stderr }) => stderr).join('\n');
    expect(exits.map(({ code }) => code).toSorted(), output).toEqual([0, 1]);
    const refused = both[exits.findIndex(({ code }) => code === 1)]!;
    expect(refused.stderr.trim()).toMatch(/batch is in use by another batch: wait for its end, or give/);
    expect(refused.stderr.trim().split('\n')).toHaveLength(1);
    expect(outcomesIn(folder)).toHaveLength(3);
    expect(new Set(outcomesIn(folder).map(({ cell }) => cell)).size).toBe(3);
    expect(await router.conversations()).toHaveLength(3);
  });

  it('parley batch takes over the folder of a killed process', async () => {
    const folder = join(temporaryFolder(), 'batch');
    const args = ['batch', 'scenarios/relay.yaml', '--runs', '2', '--turns', '6', '--out', folder];
    const killed = parley(args, { AGENT_REHEARSAL_DELAY_MS: '10000' });
    await until('it has the folder', () => existsSync(join(folder, 'state.jsonl')));
    const refused = parley(args);
    expect(await refused.exit()).toEqual({ code: 1, signal: null });
    expect(refused.stderr).toContain('is in use by another batch');
    await killed.kill('SIGKILL');
    const next = parley(args);
    expect(await next.exit(60_000), next.stderr).toEqual({ code: 0, signal: null });
    expect(outcomesIn(folder)).toHaveLength(2);
  });

  it('parley batch starts no further run when its budget is used up', async () => {
    const folder = join(temporaryFolder(), 'batch');
    const batch = parley([
      'batch',
      'scenarios/relay.yaml',
      '--runs',
      '3',
      '--turns',
      '4',
      '--max-cost',
      '$0',
      '--out',
      folder,
    ]);
    expect(await batch.exit(30_000)).toEqual({ code: 21, signal: null });
    expect(batch.stdout).toContain('0 of 3 runs');
  });
});

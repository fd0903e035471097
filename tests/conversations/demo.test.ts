import { readdirSync, readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { RunningRouter, temporaryFolder } from '../harness/parley.ts';
import { until } from '../harness/poll.ts';
import { killAll, StartedProcess } from '../harness/started-process.ts';

afterEach(killAll);

/** `parley demo` as a child; its scratch files are in a folder of this test. */
const startDemo = (args: readonly string[], env: Record<string, string> = {}) => {
  const scratch = temporaryFolder();
  const demo = new StartedProcess('demo', process.execPath, {
    args: ['apps/cli/src/main.ts', 'demo', '--port', '0', ...args],
    // Set, so that the .env of the developer cannot set them.
    env: { TMPDIR: scratch, AGENT_MODEL_KIND: 'rehearsal', AGENT_REHEARSAL_DELAY_MS: '10', ...env },
  });
  return { demo, scratch };
};

/** State and parent of a process; undefined when there is none, or only its remains. */
const statusOf = (pid: number): { readonly parent: number } | undefined => {
  try {
    const [, state, parent] = /\) (\S) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8')) ?? [];
    return state === 'Z' ? undefined : { parent: Number(parent) };
  } catch {
    return undefined;
  }
};

const childrenOf = (pid: number): number[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((id) => statusOf(id)?.parent === pid);

const allGone = (pids: readonly number[]) =>
  until(`${pids} are gone`, () => pids.every((pid) => statusOf(pid) === undefined), 15_000);

/** A demo that would go on for a long time, once its agents talk, with the processes it has started. */
const startLongDemo = async () => {
  const { demo, scratch } = startDemo(['--turns', '100000']);
  await demo.when('a few lines', ({ stdout }) => (stdout.match(/^bob: /gm)?.length ?? 0) > 2 || undefined);
  const children = childrenOf(demo.pid);
  expect(children).toHaveLength(3);
  return { demo, scratch, children };
};

describe('parley demo', () => {
  it('parley demo shows a whole conversation with its ending and the reason, and ends by itself', async () => {
    const { demo, scratch } = startDemo(['--turns', '6', '--topic', 'tea or coffee']);
    expect(await demo.exit()).toEqual({ code: 0, signal: null });
    expect(demo.stderr).toBe('');
    const { stdout } = demo;
    expect(stdout).toContain('alice and bob on tea or coffee');
    expect(stdout).toMatch(/browser: http:\/\/127\.0\.0\.1:\d+/);
    expect(stdout).toMatch(/not from a language model.*OPENAI_API_KEY/);
    const speakers = [...stdout.matchAll(/^(alice|bob): \S/gm)].map(([, name]) => name);
    expect(speakers).toEqual(['alice', 'bob', 'alice', 'bob', 'alice', 'bob']);
    expect(stdout).toMatch(/^Ended: max-turns \(.+\)\n6 turns · [\d,]+ tokens .* · [\d.]+ s\n$/m);
    expect(stdout).not.toContain('\x1b');
    expect(readdirSync(scratch)).toEqual([]);
  });

  it.each([
    ['a process for each', [], 3],
    ['one process', ['--one-process'], 1],
  ])('parley demo lets three members speak in a ring when three are named: %s', async (_, option, agents) => {
    const { demo } = startDemo(['--turns', '6', '--names', 'ann,ben,cat', '--keep', ...option]);
    await demo.when('the ending', ({ stdout }) => /Everything stays up/.test(stdout) || undefined, 60_000);
    // And the router.
    expect(childrenOf(demo.pid)).toHaveLength(agents + 1);
    await demo.kill('SIGINT');
    const speakers = [...demo.stdout.matchAll(/^(ann|ben|cat): \S/gm)].map(([, name]) => name);
    expect(speakers).toEqual(['ann', 'ben', 'cat', 'ann', 'ben', 'cat']);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)(
    'parley demo stops all processes on %s, leaves none behind, and exits with %i',
    async (signal, code) => {
      const { demo, scratch, children } = await startLongDemo();
      demo.signal(signal);
      // npm and make pass the same signal on once more.
      demo.signal(signal);
      expect(await demo.exit()).toEqual({ code, signal: null });
      await allGone(children);
      expect(demo.stderr).toBe('');
      expect(demo.stdout).toMatch(/Stopped before its end\n\d+ turns/);
      expect(readdirSync(scratch)).toEqual([]);
    },
  );

  it('parley demo --keep stays up after the ending, until it is stopped', async () => {
    const { demo } = startDemo(['--turns', '2', '--keep']);
    const shown = await demo.when(
      'that it stays up',
      ({ stdout }) => /stays up at (http:\S+)/.exec(stdout) ?? undefined,
    );
    expect(demo.stdout).toMatch(/^Ended: max-turns/m);
    expect((await fetch(`${shown[1]}/healthz`)).status).toBe(200);
    expect(await demo.kill('SIGINT')).toEqual({ code: 130, signal: null });
  });

  it('parley demo leaves no process behind even when it is killed', async () => {
    const { demo, children } = await startLongDemo();
    await demo.kill('SIGKILL');
    await allGone(children);
  });

  it('parley demo reports the death of one of its processes and stops', async () => {
    const { demo, children } = await startLongDemo();
    process.kill(children[1]!, 'SIGKILL');
    expect(await demo.exit()).toEqual({ code: 1, signal: null });
    expect(demo.stderr).toMatch(/^parley: alice stopped by itself \(SIGKILL\)\n$/);
    await allGone(children);
  });

  it('parley demo shows the output of a process that cannot start', async () => {
    const { demo } = startDemo([], { AGENT_TEMPERATURE: 'hot' });
    expect(await demo.exit()).toEqual({ code: 1, signal: null });
    expect(demo.stderr).toMatch(/AGENT_TEMPERATURE: expected a number in 0\.\.2, got "hot"/);
    expect(demo.stderr).not.toMatch(/^\s+at /m);
  });

  it('parley demo refuses a used port that was explicitly requested', async () => {
    const router = await RunningRouter.start();
    const { demo } = startDemo(['--port', router.port]);
    expect(await demo.exit()).toEqual({ code: 1, signal: null });
    expect(demo.stderr).toMatch(/ROUTER_PORT: .*another program/);
  });

  it('parley demo stops when its output is no longer read', async () => {
    const script = `"$0" apps/cli/src/main.ts demo --port 0 --turns 100000 | head -n 5`;
    const env = { AGENT_MODEL_KIND: 'rehearsal', AGENT_REHEARSAL_DELAY_MS: '10' };
    const shell = new StartedProcess('demo | head', '/bin/sh', {
      args: ['-c', script, process.execPath],
      env,
    });
    expect(await shell.exit()).toEqual({ code: 0, signal: null });
    expect(shell.stderr).toBe('');
  });

  it.each([
    [['--names', 'alice'], /--names/],
    [['--names', 'a,a'], /--names/],
    [['--turns', 'some'], /--turns: expected an integer/],
    [['--colour'], /--colour/],
    [['now'], /too many arguments for 'demo'/],
  ])('parley demo exits with 2 on %j and names the help', async (args, problem) => {
    const { demo } = startDemo(args);
    expect(await demo.exit()).toEqual({ code: 2, signal: null });
    expect(demo.stderr).toMatch(problem);
    expect(demo.stderr).toContain('parley help');
    expect(demo.stderr).not.toMatch(/^\s+at /m);
  });
});

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { nodeOptions } from '@parley/runtime';
import { onTestFinished, vi } from 'vitest';
import type { AgentConnection, fakeRouter } from './link/fake-router.ts';
import { openedEntry, saidEntry } from './turn-contexts.ts';

const main = resolve(import.meta.dirname, '../src/main.ts');
export const directory = mkdtempSync(join(tmpdir(), 'parley-agent-'));

export interface Started {
  readonly child: ChildProcess;
  readonly exit: Promise<number | null>;
  readonly output: { out: string; err: string };
  logged(message: string): Promise<Record<string, unknown>[]>;
}

/** The agent as a process of its own, away from any .env, killed at the end of the test. */
export const agent = (env: Record<string, string>, args: string[] = []): Started => {
  const { PATH = '', NODE_COMPILE_CACHE = '' } = process.env;
  const child = spawn(process.execPath, [...nodeOptions.agent, main, ...args], {
    cwd: directory,
    env: { PATH, NODE_COMPILE_CACHE, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const output = { out: '', err: '' };
  child.stdout.on('data', (data) => {
    output.out += data;
  });
  child.stderr.on('data', (data) => {
    output.err += data;
  });
  const exit = new Promise<number | null>((done) => child.on('close', done));
  const logged = (message: string) =>
    vi.waitFor(
      () => {
        const lines = output.out.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
        const found = lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg.includes(message));
        if (found.length === 0) throw new Error(`not logged: ${message}\n${output.out}${output.err}`);
        return found;
      },
      { timeout: 60_000, interval: 10 },
    );
  return { child, exit, output, logged };
};

export const grant = (connection: AgentConnection, turn = 1, attempt = 1): void =>
  connection.send({
    type: 'turn',
    conversation: 'c1',
    turn,
    attempt,
    deadlineMs: 20_000,
    remaining: {},
    entries:
      attempt === 1 ? [openedEntry(['alice', 'bob']), saidEntry(2, 'bob', 'A very private remark.')] : [],
  });

export const welcomed = async (
  router: Awaited<ReturnType<typeof fakeRouter>>,
  index = 0,
): Promise<AgentConnection> => {
  const connection = await router.connection(index);
  await connection.heard('register');
  connection.welcome();
  return connection;
};

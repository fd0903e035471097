import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeOptions } from '@parley/runtime';
import type { TestProject } from 'vitest/node';
import { repository } from './started-process.ts';

/** Each program with arguments that it refuses, or that end it soon: Node writes down what it has compiled when a process ends. */
const programs = [
  [...nodeOptions.router, join(repository, 'services/router/src/main.ts'), 'no-such-command'],
  [...nodeOptions.agent, join(repository, 'services/agent/src/main.ts'), '--no-such-option'],
  [join(repository, 'apps/cli/src/main.ts'), '--version'],
];

/** Before all tests: Node compiles the programs. Tests kill most processes, which then write nothing down. */
export default ({ config }: TestProject): void => {
  const { NODE_COMPILE_CACHE } = config.env;
  for (const args of programs) {
    const env = { PATH: process.env.PATH, NODE_COMPILE_CACHE };
    spawnSync(process.execPath, args, { cwd: tmpdir(), env, stdio: 'ignore', timeout: 60_000 });
  }
};

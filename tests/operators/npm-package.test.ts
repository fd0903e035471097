import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../harness/parley.ts';
import { killAll, repository, StartedProcess } from '../harness/started-process.ts';

afterEach(killAll);

/** A folder with the package installed from its tarball, and nothing else. */
const install = (): string => {
  const folder = temporaryFolder();
  const npm = (cwd: string, ...args: readonly string[]) => {
    const { status, stderr } = spawnSync('npm', args, { cwd, encoding: 'utf8' });
    if (status !== 0) throw new Error(`npm ${args.join(' ')}: ${stderr}`);
  };
  npm(repository, 'pack', '-w', 'apps/cli', '--pack-destination', folder);
  const tarball = readdirSync(folder).find((name) => name.endsWith('.tgz')) as string;
  const empty = join(folder, 'empty');
  mkdirSync(empty);
  npm(empty, 'install', '--offline', '--no-audit', '--no-fund', join(folder, tarball));
  return empty;
};

/** What Node reads when it starts a program of the package: the file, and those that it imports at once. */
const readAtStart = (program: string): string => {
  const read = new Map<string, string>();
  const visit = (file: string): void => {
    if (read.has(file)) return;
    const source = readFileSync(file, 'utf8');
    read.set(file, source);
    for (const [, name] of source.matchAll(/\b(?:from|import)\s*"\.\/([^"]+)"/g))
      visit(join(dirname(file), name as string));
  };
  visit(program);
  return [...read.values()].join('\n');
};

describe('The npm package of the command line', () => {
  it('the npm package runs the demo with `npx parley demo` in an empty folder, and has the page and the services in it', {
    timeout: 180_000,
  }, async () => {
    const empty = install();
    expect(readdirSync(join(empty, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
      'parley',
    ]);
    const env = {
      // Node 24, which the package needs, goes before the Node of the machine.
      PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
      AGENT_MODEL_KIND: 'rehearsal',
      AGENT_REHEARSAL_DELAY_MS: '200',
    };
    const start = (...args: readonly string[]) =>
      new StartedProcess(`npx parley ${args.join(' ')}`, 'npx', {
        args: ['parley', ...args],
        cwd: empty,
        env,
      });

    const demo = start('demo', '--turns', '6', '--port', '0');
    const url = await demo.when(
      'its address',
      ({ stdout }) => /browser: (http:\S+)/.exec(stdout)?.[1],
      60_000,
    );
    expect(await (await fetch(`${url}/`)).text()).toContain('Parley');
    expect(await demo.exit(60_000), demo.stderr).toEqual({ code: 0, signal: null });
    expect(demo.stdout).toMatch(/^Ended: max-turns/m);

    // They would take 8 MiB of a router that uses none of them.
    const parts = { NATS: 'NATS/1.0', traces: 'telemetry.sdk.name', 'the readable log': 'colorizeObjects' };
    const dist = join(empty, 'node_modules/parley/dist');
    const others = readdirSync(dist).map((name) =>
      name.endsWith('.mjs') ? readFileSync(join(dist, name), 'utf8') : '',
    );
    const router = readAtStart(join(dist, 'router.mjs'));
    expect(router).toContain('ROUTER_LEDGER');
    for (const [part, words] of Object.entries(parts)) {
      expect(
        others.some((one) => one.includes(words)),
        part,
      ).toBe(true);
      expect(router, part).not.toContain(words);
    }

    const version = start('--version');
    expect((await version.exit(60_000)).code).toBe(0);
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);

    const verify = start('router', 'verify', 'nothing.sqlite');
    expect((await verify.exit(60_000)).code).not.toBe(0);
    expect(verify.stderr).toMatch(/nothing\.sqlite/);
  });
});

import { afterEach, describe, expect, it } from 'vitest';
import { RunningRouter, temporaryFolder } from '../harness/parley.ts';
import { killAll, repository, StartedProcess } from '../harness/started-process.ts';

afterEach(killAll);

/** In an empty folder: neither the .env of a developer nor docker-compose.yml is looked at. */
const doctor = (args: readonly string[], env: Readonly<Record<string, string>> = {}): StartedProcess =>
  new StartedProcess(`parley doctor ${args.join(' ')}`, process.execPath, {
    args: [`${repository}apps/cli/src/main.ts`, 'doctor', ...args],
    cwd: temporaryFolder(),
    env,
  });

describe('parley doctor against a running router', () => {
  it('parley doctor exits with 0 when it finds no fault, and with 1 and the fix when it finds one', async () => {
    const router = await RunningRouter.start();
    const whole = doctor(['--url', router.url]);
    expect(await whole.exit(), whole.stdout + whole.stderr).toEqual({ code: 0, signal: null });
    expect(whole.stdout).toMatch(/^ok +a router answers at http:/m);
    expect(whole.stdout).toMatch(/^ok +it has the version of this program, /m);
    expect(whole.stdout).toMatch(/Nothing is wrong\.\n$/);
    expect(
      Math.max(...whole.stdout.split('\n').map((line) => (/fix:/.test(line) ? 0 : line.length))),
    ).toBeLessThan(81);

    await router.process.kill();
    const broken = doctor(['--url', router.url, '--json'], { ROUTER_PROT: '8766', PARLEY_TOKNE: 'x' });
    expect((await broken.exit()).code).toBe(1);
    const findings = JSON.parse(broken.stdout) as {
      level: string;
      area: string;
      text: string;
      fix?: string;
    }[];
    const faults = findings.filter(({ level }) => level === 'fault');
    expect(faults.map(({ area }) => area).toSorted()).toEqual(['router', 'settings', 'settings']);
    for (const { fix } of faults) expect(fix).toMatch(/\S/);
    expect(faults.find(({ area }) => area === 'router')?.text).toMatch(/ECONNREFUSED/);
  });
});

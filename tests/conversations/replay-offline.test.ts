import { readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { emptyNetwork, type Surroundings, witness } from '../harness/empty-network.ts';
import { recordedRun } from '../harness/recorded-run.ts';
import { killAll, StartedProcess } from '../harness/started-process.ts';

afterEach(killAll);

const script = `
ip link set lo up
"$1" -e "$2"
exec "$1" apps/cli/src/main.ts replay "$3"`;

const network = emptyNetwork();

describe.skipIf(!network)('parley replay where there is no network', () => {
  it('parley replay repeats a recorded run of four agents entry by entry, with only a loopback interface', async () => {
    const folder = await recordedRun();
    const { entries, ledgerSha256, models } = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8'));
    expect(Object.keys(models).sort()).toEqual(['east', 'north', 'south', 'west']);

    const [command, ...args] = network!;
    const replay = new StartedProcess('replay with no network', command, {
      args: [...args, script, 'sh', process.execPath, witness, folder],
    });
    expect(await replay.exit(60_000), replay.stderr + replay.stdout).toEqual({ code: 0, signal: null });

    const { namespace, interfaces, reached } = JSON.parse(replay.stdout.split('\n')[0]!) as Surroundings;
    expect(namespace).not.toBe(readlinkSync('/proc/self/ns/net'));
    expect(interfaces).toEqual(['lo']);
    expect(Object.values(reached)).toEqual(Object.keys(reached).map(() => 'ENETUNREACH'));

    expect(replay.stdout).toContain(
      `OK: ${entries} entries, the same as recorded (${ledgerSha256.slice(0, 16)})`,
    );
  });
});

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { userPath } from '@parley/runtime';
import { onlyOne } from '../arguments.ts';
import type { Command } from '../command.ts';
import { composeFile } from '../deployment/compose-file.ts';
import { changeOptions, changesOf } from '../scenario/changes.ts';
import { readScenario } from '../scenario/read-scenario.ts';

export const compose: Command = {
  summary: 'write a Docker Compose file for a scenario',
  usage: `Usage: parley compose FILE [--out FILE] [--set PATH=VALUE]... [--turns N] [--seed N]

  --out FILE   where to write it, beside docker-compose.yml (default: to the standard output)

It is docker-compose.yml with the cast of the scenario in the place of its agents, and one more service that opens
the conversation: docker compose -f FILE up
`,
  async run(args, host) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { ...changeOptions, out: { type: 'string' } },
      allowPositionals: true,
    });
    const text = composeFile(
      readScenario(onlyOne(positionals, 'scenario file'), changesOf(values), host.env),
    );
    if (values.out === undefined) host.out.write(text);
    else writeFileSync(userPath(values.out, host.env), text);
    return 0;
  },
};

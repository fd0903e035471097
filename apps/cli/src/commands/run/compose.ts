import { writeFileSync } from 'node:fs';
import { userPath } from '@parley/runtime';
import { type CommandMaker, commandNamed } from '../../command.ts';
import { composeFile } from '../../deployment/compose-file.ts';
import { oneProcessOption, seedOption, setOption, turnsOption } from '../../options.ts';
import { changesOf } from '../../scenario/changes.ts';
import { readScenario } from '../../scenario/read-scenario.ts';
import { writing } from '../../writable.ts';

export const compose: CommandMaker = (host) =>
  commandNamed(
    'compose',
    'write a Docker Compose file for a scenario',
    `Writes docker-compose.yml with the cast of the scenario in the place of its agents, a service for each member, and one more service that opens the conversation. Start it with: docker compose -f FILE up`,
  )
    .argument('<SCENARIO>', 'a scenario file')
    .option('--out <FILE>', 'where to write it, beside docker-compose.yml (default: to the standard output)')
    .addOption(oneProcessOption)
    .addOption(setOption)
    .addOption(turnsOption)
    .addOption(seedOption)
    .action((scenario, { out, oneProcess, ...changes }) => {
      const text = composeFile(readScenario(scenario, changesOf(changes), host.env), { oneProcess });
      if (out === undefined) host.out.write(text);
      else {
        const path = userPath(out, host.env);
        writing(path, () => writeFileSync(path, text));
      }
    });

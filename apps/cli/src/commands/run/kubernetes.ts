import { writeFileSync } from 'node:fs';
import { userPath } from '@parley/runtime';
import { type CommandMaker, commandNamed } from '../../command.ts';
import { kubernetesFile } from '../../deployment/kubernetes-file.ts';
import { oneProcessOption, seedOption, setOption, turnsOption } from '../../options.ts';
import { changesOf } from '../../scenario/changes.ts';
import { readScenario } from '../../scenario/read-scenario.ts';
import { writing } from '../../writable.ts';

export const kubernetes: CommandMaker = (host) =>
  commandNamed(
    'kubernetes',
    'write the Kubernetes objects of a scenario',
    'Writes a Deployment for each member and a Job that opens the conversation, for the router of deploy/kubernetes.',
  )
    .argument('<SCENARIO>', 'a scenario file')
    .option('--out <FILE>', 'where to write them (default: to the standard output)')
    .addOption(oneProcessOption)
    .addOption(setOption)
    .addOption(turnsOption)
    .addOption(seedOption)
    .addHelpText(
      'after',
      `
Example:
  parley kubernetes scenarios/debate.yaml | kubectl apply -n parley -f -`,
    )
    .action((scenario, { out, oneProcess, ...changes }) => {
      const text = kubernetesFile(readScenario(scenario, changesOf(changes), host.env), { oneProcess });
      if (out === undefined) host.out.write(text);
      else {
        const path = userPath(out, host.env);
        writing(path, () => writeFileSync(path, text));
      }
    });

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { userPath } from '@parley/runtime';
import { onlyOne } from '../arguments.ts';
import type { Command } from '../command.ts';
import { kubernetesFile } from '../deployment/kubernetes-file.ts';
import { changeOptions, changesOf } from '../scenario/changes.ts';
import { readScenario } from '../scenario/read-scenario.ts';

export const kubernetes: Command = {
  summary: 'write the Kubernetes objects of a scenario',
  usage: `Usage: parley kubernetes FILE [--out FILE] [--set PATH=VALUE]... [--turns N] [--seed N]

  --out FILE   where to write them (default: to the standard output)

A Deployment for each member and a Job that opens the conversation, for the router of deploy/kubernetes:
parley kubernetes scenarios/debate.yaml | kubectl apply -n parley -f -
`,
  async run(args, host) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { ...changeOptions, out: { type: 'string' } },
      allowPositionals: true,
    });
    const text = kubernetesFile(
      readScenario(onlyOne(positionals, 'scenario file'), changesOf(values), host.env),
    );
    if (values.out === undefined) host.out.write(text);
    else writeFileSync(userPath(values.out, host.env), text);
    return 0;
  },
};

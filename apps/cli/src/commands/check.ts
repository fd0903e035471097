import { parseArgs } from 'node:util';
import { ConfigError } from '@parley/runtime';
import { UsageError } from '../arguments.ts';
import type { Command } from '../command.ts';
import { readScenario } from '../scenario/read-scenario.ts';
import { paint } from '../terminal/terminal.ts';

export const check: Command = {
  summary: 'say whether scenario files are right, and if not, where',
  usage: `Usage: parley check FILE...

Each problem is one line, FILE:LINE:COLUMN: what is wrong. Exits with 1 when there is any.
`,
  async run(args, host) {
    const { out, err } = host;
    const { positionals } = parseArgs({ args: [...args], allowPositionals: true });
    if (positionals.length === 0) throw new UsageError('expected one or more scenario files');
    let wrong = 0;
    for (const file of positionals) {
      try {
        const { scenario } = readScenario(file, [], host.env);
        const { title, cast, policy = 'addressed' } = scenario;
        out.write(
          `${file}: ${paint(out, 'ok', 'green')} (${title ?? 'no title'}; ${policy}; ${[...cast.keys()].join(', ')})\n`,
        );
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error;
        for (const problem of error.problems) err.write(`${problem}\n`);
        wrong++;
      }
    }
    return wrong > 0 ? 1 : 0;
  },
};

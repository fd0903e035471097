import { parseArgs } from 'node:util';
import { UsageError } from '../arguments.ts';
import type { Command } from '../command.ts';
import { keptRuns, runsFolder } from '../deployment/kept-run.ts';
import { type Column, table } from '../terminal/table.ts';
import { jsonText, paint } from '../terminal/terminal.ts';

const columns: readonly Column<ReturnType<typeof keptRuns>[number]>[] = [
  { title: 'RUN', text: ({ name }) => name },
  { title: 'CONVERSATION', text: ({ record }) => record.conversation ?? '' },
  { title: 'TITLE', text: ({ record }) => record.title },
];

export const runs: Command = {
  summary: 'list the ledgers that `parley run` and `parley demo` have kept',
  usage: `Usage: parley runs [--json]

  --json   as a JSON list

They are in PARLEY_RUNS (default: ~/.local/state/parley/runs), the newest PARLEY_RUNS_KEEP of them (default: 20; 0
keeps none). \`parley open RUN\` shows one in the browser; ls, tail, export and diff take --run RUN; \`parley run
--continue RUN\` and \`parley demo --continue RUN\` go on with one that was stopped.
`,
  run(args, { env, out, err }) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { json: { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    if (positionals.length > 0) throw new UsageError(`runs takes no ${positionals[0]}`);
    const kept = keptRuns(env);
    if (values.json)
      out.write(
        `${jsonText(
          kept.map(({ name, record }) => ({ name, ...record })),
          2,
        )}\n`,
      );
    else if (kept.length === 0) err.write(`${paint(err, `no kept runs in ${runsFolder(env)}`, 'dim')}\n`);
    else out.write(table(out, columns, kept));
    return Promise.resolve(0);
  },
};

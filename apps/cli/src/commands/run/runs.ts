import { type CommandMaker, commandNamed } from '../../command.ts';
import { keptRuns, runsFolder } from '../../deployment/kept-run.ts';
import { jsonOption } from '../../options.ts';
import { type Column, table } from '../../terminal/table.ts';
import { jsonText, paint } from '../../terminal/terminal.ts';

const columns: readonly Column<ReturnType<typeof keptRuns>[number]>[] = [
  { title: 'RUN', text: ({ name }) => name },
  { title: 'CONVERSATION', text: ({ record }) => record.conversation ?? '' },
  { title: 'TITLE', text: ({ record }) => record.title },
];

export const runs: CommandMaker = ({ env, out, err }) =>
  commandNamed(
    'runs',
    'list the ledgers that `parley run` and `parley demo` have kept',
    'Lists the ledgers that `parley run` and `parley demo` have kept. They are in PARLEY_RUNS (default: ~/.local/state/parley/runs), the newest PARLEY_RUNS_KEEP of them (default: 20; 0 keeps none).',
  )
    .addOption(jsonOption)
    .addHelpText(
      'after',
      `
\`parley open RUN\` shows one in the browser. ls, show, tail, export and diff take
--run RUN. \`parley run --continue RUN\` and \`parley demo --continue RUN\` go on
with one that was stopped.`,
    )
    .action(({ json }) => {
      const kept = keptRuns(env);
      if (json)
        out.write(
          `${jsonText(
            kept.map(({ name, record }) => ({ name, ...record })),
            2,
          )}\n`,
        );
      else if (kept.length === 0) err.write(`${paint(err, `no kept runs in ${runsFolder(env)}`, 'dim')}\n`);
      else out.write(table(out, columns, kept));
    });

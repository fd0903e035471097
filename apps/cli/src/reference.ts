import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import type { Host } from './command.ts';
import { programOf } from './program.ts';

const head = `# The command line

<!-- Written by \`npm run generate\` from the commands themselves. -->

\`parley\` is \`npm run -s parley --\` in a checkout, \`npx parley\` with the npm package, and \`docker compose run --rm parley\` in containers. Each text below is
what \`parley help COMMAND\` prints. An ID may be shortened to its beginning where only one begins so. Exit codes: 0, it worked; 1, it did not, and the message
says what to do; 2, the command line is wrong; those of \`run\` and \`demo\` say how the conversation ended; 130, stopped with Ctrl-C.

`;

/** The help texts of all commands as one page of Markdown: docs/cli.md. */
export const commandReference = (): string => {
  let written = '';
  const screen = { live: false, colour: false, columns: 80, rows: 24 };
  const host: Host = {
    env: {},
    problems: [],
    out: {
      ...screen,
      write: (text) => {
        written += text;
      },
    },
    err: { ...screen, write: () => {} },
    lines: () => {
      throw new Error('a help text reads nothing');
    },
    stop: new AbortController().signal,
    exitWith: () => {},
  };
  const helpOf = (command: CommandUnknownOpts): string => {
    written = '';
    command.outputHelp();
    return written.trimEnd();
  };
  const section = (command: CommandUnknownOpts, path: string): string => {
    const inner = command
      .createHelp()
      .visibleCommands(command)
      .filter((one) => one.name() !== 'help')
      .map((one) => section(one, `${path} ${one.name()}`));
    return `## ${path}\n\n\`\`\`text\n${helpOf(command)}\n\`\`\`\n\n${inner.join('')}`;
  };
  return `${head}${section(programOf(host), 'parley')}`.trimEnd().concat('\n');
};

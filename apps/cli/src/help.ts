import { UsageError } from './arguments.ts';
import type { Command } from './command.ts';

const overview = (commands: ReadonlyMap<string, Command>): string => {
  const width = Math.max(...[...commands.keys()].map((name) => name.length));
  const rows = [...commands].map(([name, { summary }]) => `  ${name.padEnd(width)}  ${summary}`);
  return `parley: conversations between LLM agents

Usage: parley COMMAND [OPTIONS]

${rows.join('\n')}

\`parley help COMMAND\` describes one of them. An ID may be shortened to its beginning where only one begins so.
`;
};

/** The help text of one command, or of all of them. */
export const help = (commands: ReadonlyMap<string, Command>, name: string | undefined): string => {
  if (name === undefined) return overview(commands);
  const command = commands.get(name);
  if (!command) throw new UsageError(`no command ${name}`);
  return `${command.summary}\n\n${command.usage}`;
};

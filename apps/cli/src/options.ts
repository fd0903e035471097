import { type Command, Option, type OptionValues } from '@commander-js/extra-typings';
import { endings } from '@parley/protocol';
import { collected, integerIn, textIn } from './arguments.ts';

/** Options that several commands have, with one name, one meaning and one help text. */

/** What an ID stands for, in the help text of each command that takes one. */
export const idHelp = 'the conversation: its id, or the beginning of its id where only one begins so';

export const urlOption = new Option(
  '--url <URL>',
  'the router (default: ROUTER_URL, else the current context, else http://127.0.0.1:8765)',
);
export const contextOption = new Option(
  '--context <NAME>',
  'the router that has this name: see `parley help context`',
);
export const runOption = new Option(
  '--run <RUN>',
  'the ledger of a kept run instead: its name as `parley runs` lists it, or `last`',
);
export const jsonOption = new Option('--json', 'write JSON, for programs');
export const keyOption = new Option(
  '--key <KEY>',
  'an idempotency key: a repetition with the same key has no further effect',
);
export const portOption = new Option(
  '--port <PORT>',
  'port of the router that is started, and of its web page',
).argParser(integerIn('--port', 0, 65_535));

/** How a scenario is changed without touching its file. */
export const setOption = new Option(
  '--set <PATH=VALUE>',
  'change the scenario, such as cast.bob.model=gpt-4.1-mini; may be repeated',
).argParser(collected);
export const turnsOption = new Option('--turns <N>', 'another limit on turns').argParser(
  integerIn('--turns', 0, 1_000_000_000),
);
export const seedOption = new Option('--seed <N>', 'another seed').argParser(
  integerIn('--seed', 0, 2_147_483_647),
);

export const oneProcessOption = new Option(
  '--one-process',
  'all agents in one process, which takes a fraction of the memory (default: a process for each)',
);

/** Which conversations a command is about. */
const statusOption = new Option('--status <STATUS>', 'those with this status').choices([
  'running',
  'paused',
  'ended',
] as const);
const endingOption = new Option('--ending <ENDING>', 'those that ended for this reason').choices(endings);
const memberOption = new Option('--member <NAME>', 'those with this member').argParser(textIn('--member'));
const labelOption = new Option(
  '--label <LABEL>',
  'those with this label; `parley batch` gives its runs the label batch:FOLDER',
).argParser(textIn('--label'));
const searchOption = new Option(
  '--search <TEXT>',
  'those with this text in the topic or a message',
).argParser(textIn('--search'));

/** The command with these options added. */
export const withFilters = <Args extends unknown[], Options extends OptionValues>(
  command: Command<Args, Options>,
) =>
  command
    .addOption(statusOption)
    .addOption(endingOption)
    .addOption(memberOption)
    .addOption(labelOption)
    .addOption(searchOption);

/** The options as they are given; `search` looks in messages, too. */
export interface Filters {
  readonly status?: string | undefined;
  readonly ending?: string | undefined;
  readonly member?: string | undefined;
  readonly label?: string | undefined;
  readonly search?: string | undefined;
}

/** What the router is asked for; empty without any filter. */
export const filterQuery = ({
  search,
  ...others
}: Filters): Readonly<Record<string, string | undefined>> => ({
  ...others,
  ...(search !== undefined && { q: search, scope: 'messages' }),
});

/** What stands below the options of a command that only an operator may use. */
export const operatorNote =
  '\nWhere the router has tokens, this needs one with the role operator: see\n`parley help context`.';

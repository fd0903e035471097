import { readFileSync } from 'node:fs';
import { ConfigError, userPath } from '@parley/runtime';
import {
  type Context,
  type Contexts,
  contextNamed,
  contextsFile,
  readContexts,
  writeContexts,
} from '../api/contexts.ts';
import { RouterApi } from '../api/router-api.ts';
import { type CommandMaker, commandNamed, type Host } from '../command.ts';
import { jsonOption } from '../options.ts';
import { type Column, table } from '../terminal/table.ts';
import { jsonText, paint } from '../terminal/terminal.ts';

interface Row {
  readonly name: string;
  readonly current: boolean;
  readonly url: string;
  readonly hasToken: boolean;
}

const columns: readonly Column<Row>[] = [
  { title: '', text: ({ current }) => (current ? '*' : ' ') },
  { title: 'NAME', text: ({ name }) => name },
  { title: 'TOKEN', text: ({ hasToken }) => (hasToken ? 'yes' : 'no') },
  { title: 'URL', text: ({ url }) => url },
];

/** What is shown of the contexts: never a token. */
const rows = ({ contexts, current }: Contexts): Row[] =>
  Object.entries(contexts).map(([name, { url, token }]) => ({
    name,
    current: name === current,
    url,
    hasToken: token !== undefined,
  }));

const tokenIn = (file: string, { env }: Host): string => {
  let token: string;
  try {
    // On the command line itself a token would be in the history of the shell and in the list of processes.
    token = readFileSync(file === '-' ? 0 : userPath(file, env), 'utf8').trim();
  } catch (error) {
    throw new ConfigError([`--token-file: ${file} cannot be read: ${(error as Error).message}`]);
  }
  if (/^[!-~]+$/.test(token)) return token;
  throw new ConfigError([`--token-file: ${file === '-' ? 'the input' : file} holds no token`]);
};

const add: CommandMaker = (host) =>
  commandNamed('add', 'name a router, or change one')
    .argument('<NAME>', 'how it is called from now on')
    .requiredOption('--url <URL>', 'the router')
    .option('--token-file <FILE>', 'the file that holds the token for it; - for the input')
    .action((name, { url, tokenFile }) => {
      const { env, out, stop } = host;
      if (!/^[\w.-]{1,64}$/.test(name))
        throw new ConfigError([`${name}: a name has letters, digits, ".", "_" and "-"`]);
      // Throws where it is no URL of a router.
      new RouterApi(url, stop);
      const known = readContexts(env);
      const context: Context = {
        url,
        ...(tokenFile !== undefined && { token: tokenIn(tokenFile, host) }),
      };
      const isFirst = Object.keys(known.contexts).length === 0;
      writeContexts(
        { ...known, ...(isFirst && { current: name }), contexts: { ...known.contexts, [name]: context } },
        env,
      );
      out.write(`${name} is ${url}${isFirst ? ', and in use' : ''}\n`);
    });

const use: CommandMaker = ({ env, out }) =>
  commandNamed('use', 'use a router where the command line and the environment name none')
    .argument('<NAME>', 'the context')
    .action((name) => {
      const known = readContexts(env);
      const { url } = contextNamed(name, known);
      writeContexts({ ...known, current: name }, env);
      out.write(`in use: ${name} (${url})\n`);
    });

const rm: CommandMaker = ({ env, out }) =>
  commandNamed('rm', 'forget a router and its token')
    .argument('<NAME>', 'the context')
    .action((name) => {
      const known = readContexts(env);
      contextNamed(name, known);
      const { [name]: _, ...contexts } = known.contexts;
      const { current, ...others } = known;
      writeContexts(
        { ...others, ...(current !== undefined && current !== name && { current }), contexts },
        env,
      );
      out.write(`forgotten: ${name}\n`);
    });

const ls: CommandMaker = ({ env, out, err }) =>
  commandNamed('ls', 'list the routers that have a name; tokens are not shown')
    .addOption(jsonOption)
    .action(({ json }) => {
      const known = rows(readContexts(env));
      if (json) out.write(`${jsonText(known, 2)}\n`);
      else if (known.length === 0) err.write(`${paint(err, `no contexts in ${contextsFile(env)}`, 'dim')}\n`);
      else out.write(table(out, columns, known));
    });

export const context: CommandMaker = (host) =>
  commandNamed(
    'context',
    'name routers and keep their tokens',
    'Keeps routers under names, each with its token, in PARLEY_CONTEXTS (default: ~/.config/parley/contexts.json), which only you may read. A command takes one with --context NAME; PARLEY_CONTEXT names one for a shell. `parley context use` chooses the one for commands that name no router.',
  )
    .addCommand(add(host))
    .addCommand(use(host))
    .addCommand(ls(host))
    .addCommand(rm(host))
    .addHelpText(
      'after',
      `
Examples:
  parley context add team --url https://parley.example.com --token-file token
  parley ls --context team`,
    );

import { randomUUID } from 'node:crypto';
import type { Environment } from '@parley/runtime';
import { RouterApi } from '../api/router-api.ts';
import type { Host } from '../command.ts';
import { paint } from '../terminal/terminal.ts';
import type { KeptRun } from './kept-run.ts';

const pauseWithinMs = 2_000;

/** The command with which the user runs this program: in a clone of the repository, the npm script. */
const programOf = ({ npm_lifecycle_event: script }: Environment): string =>
  script === 'parley' ? 'npm run -s parley --' : 'parley';

/** Prints the place of the ledger and what can be done with it. `stopped`: the command that can continue it. */
export const keptNote = (
  { name, ledger }: KeptRun,
  conversation: string,
  { err, env }: Pick<Host, 'err' | 'env'>,
  stopped?: 'run' | 'demo',
): void => {
  const parley = programOf(env);
  const lines = [
    `Kept: ${ledger}`,
    `  show it:    ${parley} open ${name}`,
    `  export it:  ${parley} export ${conversation} --run ${name} --format markdown`,
    ...(stopped === undefined ? [] : [`  go on:      ${parley} ${stopped} --continue ${name}`]),
  ];
  err.write(`${lines.map((line) => paint(err, line, 'dim')).join('\n')}\n`);
};

/** Pauses the conversation, so that the time until it is continued does not count. Has no effect on an ended one. */
export const pauseFor = async (url: string, conversation: string): Promise<void> => {
  const api = new RouterApi(url, AbortSignal.timeout(pauseWithinMs));
  await api.act('pause', conversation, {}, randomUUID()).catch(() => {});
};

/** Resumes a conversation that `pauseFor` has paused. */
export const goOn = async (api: RouterApi, id: string): Promise<void> => {
  const conversation = await api.summary(id);
  if (conversation.status === 'paused') await api.act('resume', id, {}, randomUUID());
};

import { readContexts } from '../api/contexts.ts';
import { routerOf } from '../api/named-router.ts';
import { type CommandMaker, commandNamed, type Host } from '../command.ts';
import { type LookUp, lookUpFor } from '../completion/looked-up.ts';
import { programTree } from '../completion/tree.ts';
import { keptRuns } from '../deployment/kept-run.ts';
import { harmless } from '../terminal/terminal.ts';

/** The user waits for the candidates, so the search for them is short. */
const mostMs = 3_000;
const mostConversations = 1_000;
const aboutColumns = 60;

type Candidate = readonly [value: string, about?: string];

const found = async ({ looked, given, options }: LookUp, host: Host): Promise<readonly Candidate[]> => {
  const { env } = host;
  const router = () =>
    routerOf(
      { url: options.get('--url'), context: options.get('--context') },
      { env, stop: AbortSignal.any([host.stop, AbortSignal.timeout(mostMs)]) },
    );
  switch (looked) {
    case 'runs':
      return [
        ['last', 'the newest run'],
        ...keptRuns(env).map(({ name, record }) => [name, record.title] as const),
      ];
    case 'contexts':
      return Object.entries(readContexts(env).contexts).map(([name, { url }]) => [name, url]);
    case 'agents':
      return (await router().agents()).map(({ name }) => [name]);
    case 'members': {
      const api = router();
      const { members } = await api.summary(await api.conversationId(given[0] ?? ''));
      return members.map((name) => [name]);
    }
    case 'conversations': {
      // Conversations of a kept run need a router on its ledger, which takes longer than a user waits for a key.
      if (options.has('--run')) return [];
      const conversations = await router().conversations(mostConversations);
      return conversations
        .filter(({ id }) => !given.includes(id))
        .map(({ id, status, topic, members }) => [id, `${status}: ${topic ?? members.join(', ')}`]);
    }
  }
};

const line = ([value, about]: Candidate): string =>
  about === undefined
    ? `${value}\n`
    : `${value}\t${harmless(about).replaceAll(/\s+/g, ' ').slice(0, aboutColumns)}\n`;

/**
 * What the scripts of `parley completion` call: the words of a command line so far; the answer has a line for each candidate, its
 * description behind a tab. It is no command for a user, so help does not list it.
 */
export const complete: CommandMaker = (host) =>
  commandNamed('__complete', 'list what may come next on a command line')
    .argument('[WORDS...]', 'the words before the one that is typed')
    .action(async (words, _options, command) => {
      const { parent } = command;
      if (!parent) throw new Error('the command has no program around it');
      const lookUp = lookUpFor(programTree(parent), words);
      if (!lookUp) return;
      try {
        const candidates = await found(lookUp, host);
        host.out.write(candidates.map(line).join(''));
      } catch {
        // No router, no token, an unknown beginning of an id: a shell has no place for the reason, and then completes nothing.
      }
    });

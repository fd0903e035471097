import { Option } from '@commander-js/extra-typings';
import { defaultPort } from '@parley/protocol';
import { ConfigError } from '@parley/runtime';
import { RouterApi, type RouterEvent } from '../../api/router-api.ts';
import { integerIn, UsageError } from '../../arguments.ts';
import { type CommandMaker, commandNamed, type Host } from '../../command.ts';
import { KeptRun } from '../../deployment/kept-run.ts';
import { goOn } from '../../deployment/kept-run-notes.ts';
import { logNotes } from '../../deployment/log-notes.ts';
import { freePort, OwnDeployment } from '../../deployment/own-deployment.ts';
import { oneProcessOption, portOption } from '../../options.ts';
import { keptPrompts, ownProcesses, sharedProcesses } from '../../scenario/agents.ts';
import { castOf, type DemoMember, defaultTopic } from '../../scenario/demo-cast.ts';
import { ConversationDisplay } from '../../terminal/conversation-display.ts';
import { paint } from '../../terminal/terminal.ts';
import { type Played, playedOut, rehearsalDelay, staysUp, unreached } from './played-out.ts';

interface Options {
  readonly names: string;
  readonly members: readonly DemoMember[];
  readonly port: number;
  readonly topic: string;
  readonly turns: number;
  readonly oneProcess: boolean;
}

interface Given {
  readonly names?: string | undefined;
  readonly topic?: string | undefined;
  readonly turns?: number | undefined;
  readonly port?: number | undefined;
  readonly oneProcess?: true | undefined;
  readonly continue?: string | undefined;
  readonly keep?: true | undefined;
}

const optionsOf = async ({
  names = 'alice,bob',
  turns = 12,
  topic = defaultTopic,
  port,
  oneProcess,
}: Given): Promise<Options> => {
  if (topic.trim() === '') throw new UsageError('--topic: expected a text');
  return {
    names,
    members: castOf(names),
    turns,
    topic: topic.trim(),
    oneProcess: oneProcess === true,
    port: port ?? (await freePort(defaultPort)),
  };
};

const startAgents = (deployment: OwnDeployment, url: string, options: Options, host: Host): void => {
  const [first] = options.members as [DemoMember];
  const hasCharacter = host.env.AGENT_PERSONA || host.env.AGENT_PROMPT_MODULE;
  const agents = options.members.map(({ name, target, persona }) => ({
    name,
    env: { AGENT_NAME: name, AGENT_TARGET: target, ...(!hasCharacter && { AGENT_PERSONA: persona }) },
  }));
  for (const { names, env } of (options.oneProcess ? sharedProcesses : ownProcesses)(agents)) {
    // oxlint-disable-next-line typescript/no-floating-promises -- it never rejects; the end of an agent is reported elsewhere
    deployment.startAgents(names, [], {
      AGENT_NAME: '',
      AGENT_NAMES: '',
      ROUTER_URL: url,
      AGENT_FIRST_SPEAKER: first.name,
      AGENT_TOPIC: options.topic,
      AGENT_MAX_TURNS: String(options.turns),
      AGENT_MAX_REPETITION: '0.8',
      AGENT_REHEARSAL_DELAY_MS: rehearsalDelay(host),
      AGENT_KEEP_PROMPTS: host.env.AGENT_KEEP_PROMPTS || keptPrompts,
      ...env,
    });
  }
};

const header = ({ members, topic }: Options, url: string, { out, env }: Host): void => {
  const names = members.map(({ name }) => name);
  const who = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  out.write(`\n${paint(out, `${who} on ${topic}`, 'bold')}\n`);
  const where = unreached(env) ?? `Watch it in a browser: ${url.replace(/^ws/, 'http')}`;
  out.write(`${paint(out, `${where}   Stop it: Ctrl-C`, 'dim')}\n\n`);
};

/** What is to be played, and the kept ledger that it goes on with. */
const begin = async (given: Given, { env }: Host): Promise<{ options: Options; kept?: KeptRun }> => {
  if (given.continue === undefined) {
    const options = await optionsOf(given);
    const { names, topic, turns } = options;
    const kept = KeptRun.begin('demo', { command: 'demo', names, topic, turns }, env);
    return { options, ...(kept && { kept }) };
  }
  const other = (['turns', 'topic', 'names'] as const).find((name) => given[name] !== undefined);
  if (other !== undefined) throw new UsageError(`--continue takes --${other} from the run`);
  const kept = KeptRun.open(given.continue, env);
  const { source } = kept.record;
  if (source.command === 'demo') {
    const { names, topic, turns } = source;
    const { port, oneProcess } = given;
    return { options: await optionsOf({ names, topic, turns, port, oneProcess }), kept };
  }
  kept[Symbol.dispose]();
  throw new ConfigError([`${kept.name} is no demo: \`parley run --continue ${kept.name}\` goes on with it`]);
};

/** The events of the only conversation on the ledger of a demo, from its first entry to its last. */
async function* conversationIn(
  events: AsyncIterable<RouterEvent>,
  opened: (conversation: string) => void,
): AsyncGenerator<RouterEvent> {
  for await (const event of events) {
    if (event.kind === 'entry' && event.entry.type === 'opened') opened(event.conversation);
    yield event;
  }
}

const runDemo = async (given: Given, host: Host): Promise<number> => {
  const { options, kept: begun } = await begin(given, host);
  using kept = begun;
  using view = new ConversationDisplay(host.out);
  await using deployment = await OwnDeployment.create({
    port: options.port,
    env: host.env,
    stop: host.stop,
    ...(kept && { ledger: kept.ledger }),
    onLog: logNotes((text) => view.transcript.note(text)),
  });
  const { halted } = deployment;
  const conversation = kept?.record.conversation;
  const played: Played = { command: 'demo', view, kept, isElsewhere: false, halted, url: '', conversation };
  const code = await playedOut(played, host, async () => {
    played.url = await deployment.startRouter();
    header(options, played.url, host);
    const api = new RouterApi(played.url, halted);
    if (conversation !== undefined) await goOn(api, conversation);
    using events = await api.events({ since: 0 });
    startAgents(deployment, played.url, options, host);
    const opened = (id: string) => {
      played.conversation = id;
      kept?.opened(id);
    };
    return await view.show(api, conversationIn(events, opened));
  });
  if (given.keep) await staysUp(played.url.replace(/^ws/, 'http'), halted, host);
  return code;
};

export const demo: CommandMaker = (host) =>
  commandNamed(
    'demo',
    'a router and two agents hold a conversation in this terminal',
    'Starts a router and agents on this machine and shows their conversation to its end. With OPENAI_API_KEY or OPENAI_BASE_URL set, the agents ask that model; without, they rehearse. All settings of an agent can be given by environment, OPENAI_MODEL for example. The ledger is kept (`parley help runs`).',
  )
    .addOption(
      new Option('--turns <N>', 'when it ends (default: 12)').argParser(integerIn('--turns', 1, 1_000_000)),
    )
    .option('--topic <TEXT>', 'what they talk about')
    .option('--names <A,B>', 'who talks; three and more go round (default: alice,bob)')
    .addOption(oneProcessOption)
    .addOption(portOption)
    .option(
      '--continue <RUN>',
      'go on with a demo that was stopped: its name as `parley runs` lists it, or `last`',
    )
    .option('--keep', 'leave the router and the agents up after the ending, until Ctrl-C')
    .action(async (given) => host.exitWith(await runDemo(given, host)));

import { parseArgs } from 'node:util';
import { defaultPort } from '@parley/protocol';
import { ConfigError } from '@parley/runtime';
import { RouterApi, type RouterEvent } from '../api/router-api.ts';
import { UsageError, wholeNumber } from '../arguments.ts';
import type { Command, Host } from '../command.ts';
import { KeptRun } from '../deployment/kept-run.ts';
import { goOn, keptNote, pauseFor } from '../deployment/kept-run-notes.ts';
import { logNotes } from '../deployment/log-notes.ts';
import { freePort, OwnDeployment } from '../deployment/own-deployment.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { castOf, type DemoMember, defaultTopic } from '../scenario/demo-cast.ts';
import { ConversationDisplay } from '../terminal/conversation-display.ts';
import { paint } from '../terminal/terminal.ts';

/** On a terminal, a rehearsed reply is delayed by the time that a reader needs for it. */
const paceMs = { live: '1800', piped: '100' };

interface Options {
  readonly names: string;
  readonly members: readonly DemoMember[];
  readonly port: number;
  readonly topic: string;
  readonly turns: number;
}

const usage = `Usage: parley demo [--turns N] [--topic TEXT] [--names A,B] [--port PORT]
       parley demo --continue RUN

  --turns N      when it ends (default: 12)
  --topic TEXT   what they talk about
  --names A,B    who talks; three and more go round (default: alice,bob)
  --port PORT    where the router and its web page are (default: ${defaultPort}, or a free one if it is taken)
  --continue RUN  go on with a demo that was stopped: its name as \`parley runs\` lists it, or \`last\`

The ledger is kept (\`parley help runs\`).
With OPENAI_API_KEY or OPENAI_BASE_URL set, the agents ask that model; without, they rehearse.
All the settings of an agent can be given by environment, OPENAI_MODEL for example.
`;

const parse = (args: readonly string[]) => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      turns: { type: 'string' },
      topic: { type: 'string' },
      names: { type: 'string' },
      port: { type: 'string' },
      continue: { type: 'string' },
    },
    allowPositionals: true,
  });
  if (positionals.length > 0) throw new UsageError(`demo takes no ${positionals[0]}`);
  return values;
};

const optionsOf = async ({
  names = 'alice,bob',
  turns = '12',
  topic = defaultTopic,
  port,
}: {
  readonly [K in 'names' | 'turns' | 'topic' | 'port']?: string | undefined;
}): Promise<Options> => {
  if (topic.trim() === '') throw new UsageError('--topic: expected a text');
  return {
    names,
    members: castOf(names),
    turns: wholeNumber('turns', turns, 1, 1_000_000),
    topic: topic.trim(),
    port: port === undefined ? await freePort(defaultPort) : wholeNumber('port', port, 0, 65_535),
  };
};

const startAgents = (deployment: OwnDeployment, url: string, options: Options, host: Host): void => {
  const [first] = options.members as [DemoMember];
  const pace = host.out.live ? paceMs.live : paceMs.piped;
  for (const { name, target, persona } of options.members) {
    // oxlint-disable-next-line typescript/no-floating-promises -- it never rejects; the end of an agent is reported elsewhere
    deployment.startAgent(name, [name, target, first.name], {
      ROUTER_URL: url,
      AGENT_TOPIC: options.topic,
      AGENT_MAX_TURNS: String(options.turns),
      AGENT_MAX_REPETITION: '0.8',
      AGENT_REHEARSAL_DELAY_MS: host.env.AGENT_REHEARSAL_DELAY_MS || pace,
      ...(!host.env.AGENT_PERSONA && !host.env.AGENT_PROMPT_MODULE && { AGENT_PERSONA: persona }),
    });
  }
};

const header = ({ members, topic }: Options, url: string, { out }: Host): void => {
  const names = members.map(({ name }) => name);
  const who = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  out.write(`\n${paint(out, `${who} on ${topic}`, 'bold')}\n`);
  out.write(
    `${paint(out, `Watch it in a browser: ${url.replace(/^ws/, 'http')}   Stop it: Ctrl-C`, 'dim')}\n\n`,
  );
};

/** The scenario to run, and the kept ledger that it continues. */
const begin = async (
  args: readonly string[],
  { env }: Host,
): Promise<{ options: Options; kept?: KeptRun }> => {
  const given = parse(args);
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
    return { options: await optionsOf({ names, topic, turns: String(turns), port: given.port }), kept };
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

export const demo: Command = {
  summary: 'a router and two agents hold a conversation in this terminal',
  usage,
  async run(args, host) {
    const { options, kept: begun } = await begin(args, host);
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
    let conversation = kept?.record.conversation;
    let url = '';
    try {
      url = await deployment.startRouter();
      header(options, url, host);
      const api = new RouterApi(url, halted);
      if (conversation !== undefined) await goOn(api, conversation);
      using events = await api.events({ since: 0 });
      startAgents(deployment, url, options, host);
      const ending = await view.show(
        api,
        conversationIn(events, (id) => {
          conversation = id;
          kept?.opened(id);
        }),
      );
      view.footer();
      if (kept && conversation !== undefined) keptNote(kept, conversation, host);
      return ending ? exitCodeOf(ending.reason) : 1;
    } catch (error) {
      if (!host.stop.aborted) throw halted.aborted ? halted.reason : error;
      host.out.write('\n');
      view.footer();
      if (kept && conversation !== undefined) {
        await pauseFor(url, conversation);
        keptNote(kept, conversation, host, 'demo');
      }
      return 1;
    }
  },
};

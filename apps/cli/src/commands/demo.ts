import { parseArgs } from 'node:util';
import { defaultPort, type Entry } from '@parley/protocol';
import { type Command, type Host, UsageError, wholeNumber } from '../command.ts';
import { castOf, defaultTopic, type Player } from '../demo-cast.ts';
import { endingText, exitCodeOf, totals } from '../ending.ts';
import { LiveTranscript } from '../live-transcript.ts';
import { logNotes } from '../log-notes.ts';
import { freePort, OwnDeployment } from '../own-deployment.ts';
import { PlainTranscript } from '../plain-transcript.ts';
import { RouterApi, type RouterEvent } from '../router-api.ts';
import { paint } from '../terminal.ts';
import type { Transcript } from '../transcript.ts';

/** On a terminal a rehearsed reply takes as long as it takes to read one. */
const paceMs = { live: '1800', piped: '100' };

interface Options {
  readonly players: readonly Player[];
  readonly port: number;
  readonly topic: string;
  readonly turns: number;
}

const usage = `Usage: parley demo [--turns N] [--topic TEXT] [--names A,B] [--port PORT]

  --turns N      when it ends (default: 12)
  --topic TEXT   what they talk about
  --names A,B    who talks; three and more go round (default: alice,bob)
  --port PORT    where the router and its web page are (default: ${defaultPort}, or a free one if it is taken)

With OPENAI_API_KEY or OPENAI_BASE_URL set, the agents ask that model; without, they rehearse.
All the settings of an agent can be given by environment, OPENAI_MODEL for example.
`;

const readOptions = async (args: readonly string[]): Promise<Options> => {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      turns: { type: 'string', default: '12' },
      topic: { type: 'string', default: defaultTopic },
      names: { type: 'string', default: 'alice,bob' },
      port: { type: 'string' },
    },
    allowPositionals: true,
  });
  if (positionals.length > 0) throw new UsageError(`demo takes no ${positionals[0]}`);
  if (values.topic.trim() === '') throw new UsageError('--topic: expected a text');
  return {
    players: castOf(values.names),
    turns: wholeNumber('turns', values.turns, 1, 1_000_000),
    topic: values.topic.trim(),
    port:
      values.port === undefined ? await freePort(defaultPort) : wholeNumber('port', values.port, 0, 65_535),
  };
};

const startAgents = (deployment: OwnDeployment, url: string, options: Options, host: Host): void => {
  const [first] = options.players as [Player];
  const pace = host.out.live ? paceMs.live : paceMs.piped;
  for (const { name, target, persona } of options.players) {
    deployment.startAgent(name, [name, target, first.name], {
      ROUTER_URL: url,
      AGENT_TOPIC: options.topic,
      AGENT_MAX_TURNS: String(options.turns),
      AGENT_REHEARSAL_DELAY_MS: host.env.AGENT_REHEARSAL_DELAY_MS || pace,
      ...(!host.env.AGENT_PERSONA && !host.env.AGENT_PROMPT_MODULE && { AGENT_PERSONA: persona }),
    });
  }
};

/** Shows what happens until the conversation ends, and collects its entries. */
const show = async (
  events: AsyncIterable<RouterEvent>,
  transcript: Transcript,
  entries: Entry[],
): Promise<void> => {
  for await (const event of events) {
    if (event.kind === 'chunk') transcript.chunk(event);
    if (event.kind !== 'entry') continue;
    entries.push(event.entry);
    transcript.entry(event.entry);
    if (event.entry.type === 'ended') return;
  }
};

const header = ({ players, topic }: Options, url: string, { out }: Host): void => {
  const names = players.map(({ name }) => name);
  const who = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  out.write(`\n${paint(out, `${who} on ${topic}`, 'bold')}\n`);
  out.write(
    `${paint(out, `Watch it in a browser: ${url.replace(/^ws/, 'http')}   Stop it: Ctrl-C`, 'dim')}\n\n`,
  );
};

const footer = (entries: readonly Entry[], { out }: Host): number => {
  const last = entries.at(-1);
  const ending = last?.type === 'ended' ? `Ended: ${endingText(last)}` : 'Stopped before its end';
  out.write(`${paint(out, ending, 'bold')}\n${paint(out, totals(entries), 'dim')}\n`);
  return last?.type === 'ended' ? exitCodeOf(last.reason) : 1;
};

export const demo: Command = {
  summary: 'a router and two agents hold a conversation in this terminal',
  usage,
  async run(args, host) {
    const options = await readOptions(args);
    const transcript: Transcript = host.out.live
      ? new LiveTranscript(host.out)
      : new PlainTranscript(host.out);
    const entries: Entry[] = [];
    const { port } = options;
    await using deployment = await OwnDeployment.create({
      port,
      env: host.env,
      stop: host.stop,
      onLog: logNotes((text) => transcript.note(text)),
    });
    try {
      const url = await deployment.startRouter();
      header(options, url, host);
      using events = await new RouterApi(url, deployment.halted).events({ since: 0 });
      startAgents(deployment, url, options, host);
      await show(events, transcript, entries);
    } catch (error) {
      if (!host.stop.aborted) throw deployment.halted.aborted ? deployment.halted.reason : error;
      host.out.write('\n');
    }
    return footer(entries, host);
  },
};

import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { defaultPort } from '@parley/protocol';
import { ConfigError, userPath } from '@parley/runtime';
import { toItsEnd } from '../api/follow.ts';
import { onlyOne, UsageError, wholeNumber } from '../arguments.ts';
import type { Command, Host } from '../command.ts';
import { CastDeployment } from '../deployment/cast-deployment.ts';
import { KeptRun } from '../deployment/kept-run.ts';
import { goOn, keptNote, pauseFor } from '../deployment/kept-run-notes.ts';
import { logNotes } from '../deployment/log-notes.ts';
import { freePort } from '../deployment/own-deployment.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { Recording } from '../recording/recording.ts';
import { agentsOf } from '../scenario/agents.ts';
import { changeOptions, changesOf } from '../scenario/changes.ts';
import { withKey } from '../scenario/member-key.ts';
import { openingOf } from '../scenario/opening.ts';
import { parseScenario, readScenario, type ScenarioFile } from '../scenario/read-scenario.ts';
import { ConversationDisplay } from '../terminal/conversation-display.ts';
import { harmless, paint } from '../terminal/terminal.ts';
import { replay } from './replay.ts';

/** On a terminal, a rehearsed reply is delayed by the time that a reader needs for it. */
const paceMs = { live: '1800', piped: '100' };

const usage = `Usage: parley run FILE [OPTIONS]
       parley run --continue RUN

  --url URL            on this router, with agents of its own (default: start a router, too, and end everything
                       with the conversation); members for whom a plain client speaks are not started
  --continue RUN       go on with a kept run that was stopped: its name as \`parley runs\` lists it, or \`last\`
  --no-agents          start no agents: all members connect by themselves
  --turns N            the scenario with another limit on turns
  --seed N             the scenario with another seed
  --set PATH=VALUE     the scenario with any other change, such as cast.bob.model=gpt-4.1-mini; may be repeated
  --record DIR         keep every model call, the ledger and a manifest in DIR, for \`parley replay DIR\`
  --replay DIR         the same as \`parley replay DIR\`; takes no FILE
  --port PORT          of the router that is started (default: ${defaultPort}, or a free one if it is taken)
  --keep               leave the router and the agents up after the ending, until Ctrl-C

The ledger of a router that is started here is kept (\`parley help runs\`).

It exits with 0 when the conversation ended as planned (agreed, stop-phrase, max-turns, max-duration), with
10 failed, 11 absent, 12 agent-left, 13 repetition, 14 farewell-loop, 15 token-budget, 16 cost-budget,
17 operator; with 1 or 2 when it could not be run.
`;

const header = ({ scenario, file }: ScenarioFile, conversation: string, url: string, { out }: Host): void => {
  const names = [...scenario.cast.keys()];
  const who = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  out.write(`\n${paint(out, scenario.title ?? file, 'bold')}\n${who} on: ${harmless(scenario.topic)}\n`);
  out.write(`${paint(out, `${conversation} · watch it at ${url} · Ctrl-C stops it`, 'dim')}\n\n`);
};

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve());
  });

const readOptions = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    options: {
      ...changeOptions,
      url: { type: 'string' },
      'no-agents': { type: 'boolean', default: false },
      record: { type: 'string' },
      replay: { type: 'string' },
      port: { type: 'string' },
      keep: { type: 'boolean', default: false },
      continue: { type: 'string' },
    },
    allowPositionals: true,
  });

/** The scenario to run, and the kept ledger that it continues. */
const sourceOf = (
  { values, positionals }: ReturnType<typeof readOptions>,
  { env }: Host,
): { file: ScenarioFile; kept?: KeptRun } => {
  if (values.continue === undefined)
    return { file: readScenario(onlyOne(positionals, 'scenario file'), changesOf(values), env) };
  const others = ['url', 'record', 'set', 'turns', 'seed'] as const;
  const other = others.find((name) => values[name] !== undefined);
  if (positionals.length > 0 || other !== undefined)
    throw new UsageError('--continue takes the scenario, and what was changed in it, from the run');
  const kept = KeptRun.open(values.continue, env);
  const { source } = kept.record;
  const parsed = source.command === 'run' ? parseScenario(source.text, source.changes) : undefined;
  if (source.command === 'run' && parsed?.ok) {
    const { file, text, changes } = source;
    return { file: { file, text, changes, scenario: parsed.scenario }, kept };
  }
  kept[Symbol.dispose]();
  throw new ConfigError([
    source.command === 'demo'
      ? `${kept.name} is a demo: \`parley demo --continue ${kept.name}\` goes on with it`
      : `the scenario of ${kept.name} cannot be read by this version of parley`,
  ]);
};

const runFile = async (args: readonly string[], host: Host): Promise<number> => {
  const options = readOptions(args);
  const { values, positionals } = options;
  if (values.replay !== undefined) {
    if (positionals.length > 0) throw new UsageError('--replay takes the scenario from the record');
    return replay.run([values.replay], host);
  }
  if (values.record !== undefined && values['no-agents']) {
    throw new UsageError('--record needs agents that are started here');
  }
  const { out } = host;
  const port =
    values.port === undefined ? await freePort(defaultPort) : wholeNumber('port', values.port, 0, 65_535);
  const { file, kept: continued } = sourceOf(options, host);
  const record = values.record === undefined ? undefined : userPath(values.record, host.env);
  const recording = record === undefined ? undefined : Recording.begin(record, file, randomUUID());
  const { text, changes } = file;
  const source = { command: 'run', file: file.file, text, changes } as const;
  using kept =
    continued ??
    (values.url === undefined
      ? KeptRun.begin(file.scenario.title ?? basename(file.file), source, host.env)
      : undefined);
  using view = new ConversationDisplay(out);
  const agents = values['no-agents'] ? [] : agentsOf(file.scenario).map((agent) => withKey(agent, host.env));
  await using castDeployment = await CastDeployment.set(
    {
      url: values.url,
      port,
      ledger: kept?.ledger,
      agents: recording ? agents.map((agent, place) => recording.recorded(agent, place)) : agents,
      env: {
        AGENT_REHEARSAL_DELAY_MS:
          host.env.AGENT_REHEARSAL_DELAY_MS || (out.live ? paceMs.live : paceMs.piped),
      },
      exclusive: recording !== undefined,
      onLog: logNotes((text) => view.transcript.note(text)),
    },
    host,
  );
  const { api, halted } = castDeployment;
  let conversation = kept?.record.conversation;
  try {
    if (conversation === undefined) {
      ({ conversation } = await api.open(openingOf(file.scenario), recording?.key ?? randomUUID()));
      kept?.opened(conversation);
    } else await goOn(api, conversation);
    header(file, conversation, castDeployment.url, host);
    const ending = await view.show(api, toItsEnd(api, conversation, halted));
    view.footer();
    if (recording && ending) recording.finish(conversation, view.entries);
    if (recording && ending) host.err.write(`${paint(host.err, `Recorded in ${values.record}`, 'dim')}\n`);
    if (kept) keptNote(kept, conversation, host);
    if (values.keep) {
      out.write(`${paint(out, `Everything stays up at ${castDeployment.url} until Ctrl-C`, 'dim')}\n`);
      await aborted(halted);
    }
    return ending ? exitCodeOf(ending.reason) : 1;
  } catch (error) {
    if (!host.stop.aborted) throw halted.aborted ? halted.reason : error;
    out.write('\n');
    view.footer();
    if (kept && conversation !== undefined) {
      await pauseFor(castDeployment.url, conversation);
      keptNote(kept, conversation, host, 'run');
    } else if (values.url !== undefined) {
      host.err.write(
        'The conversation itself goes on on the router: `parley ls` shows it, `parley end ID` ends it\n',
      );
    }
    return 1;
  }
};

export const run: Command = {
  summary: 'run a scenario file and show it while it happens',
  usage,
  run: runFile,
};

import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import { defaultPort } from '@parley/protocol';
import { ConfigError, userPath } from '@parley/runtime';
import { awaitRouter } from '../../api/await-router.ts';
import { toItsEnd } from '../../api/follow.ts';
import { routerOf } from '../../api/named-router.ts';
import { UsageError } from '../../arguments.ts';
import { type CommandMaker, commandNamed, type Host } from '../../command.ts';
import { CastDeployment } from '../../deployment/cast-deployment.ts';
import { KeptRun } from '../../deployment/kept-run.ts';
import { goOn } from '../../deployment/kept-run-notes.ts';
import { logNotes } from '../../deployment/log-notes.ts';
import { freePort } from '../../deployment/own-deployment.ts';
import { oneProcessOption, portOption, seedOption, setOption, turnsOption } from '../../options.ts';
import { Recording } from '../../recording/recording.ts';
import { agentsOf, keptPrompts } from '../../scenario/agents.ts';
import { changesOf } from '../../scenario/changes.ts';
import { withKey } from '../../scenario/member-key.ts';
import { openingOf } from '../../scenario/opening.ts';
import { parseScenario, readScenario, type ScenarioFile } from '../../scenario/read-scenario.ts';
import { ConversationDisplay } from '../../terminal/conversation-display.ts';
import { harmless, paint } from '../../terminal/terminal.ts';
import { type Played, playedOut, rehearsalDelay, staysUp, unreached } from './played-out.ts';
import { replayRecord } from './replay.ts';

const header = (
  { scenario, file }: ScenarioFile,
  conversation: string,
  where: string,
  { out }: Host,
): void => {
  const names = [...scenario.cast.keys()];
  const who = `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
  out.write(`\n${paint(out, scenario.title ?? file, 'bold')}\n${who} on: ${harmless(scenario.topic)}\n`);
  out.write(`${paint(out, `${conversation} · ${where} · Ctrl-C stops it`, 'dim')}\n\n`);
};

interface RunOptions {
  readonly url?: string | undefined;
  readonly continue?: string | undefined;
  readonly agents: boolean;
  readonly oneProcess?: true | undefined;
  readonly turns?: number | undefined;
  readonly seed?: number | undefined;
  readonly set?: readonly string[] | undefined;
  readonly record?: string | undefined;
  readonly replay?: string | undefined;
  readonly port?: number | undefined;
  readonly keep?: true | undefined;
}

/**
 * The router on which the scenario runs; undefined: one is started. In a container of docker-compose.yml it is that of the
 * deployment: no browser reaches one inside this container, and its ledger would be gone with the container.
 */
const urlOf = async (options: RunOptions, { env, err, stop }: Host): Promise<string | undefined> => {
  if (options.url !== undefined) return options.url;
  const usual = env.PARLEY_RUN_URL;
  if (!usual || options.port !== undefined || options.continue !== undefined) return undefined;
  // Compose may start that router together with this command.
  const note = (text: string) => err.write(`${paint(err, text, 'dim')}\n`);
  await awaitRouter(routerOf({ url: usual }, { env, stop }), { stop, note });
  return usual;
};

/** The scenario to run, and the kept ledger that it continues. */
const sourceOf = (
  scenario: string | undefined,
  options: RunOptions,
  { env }: Host,
): { file: ScenarioFile; kept?: KeptRun } => {
  if (options.continue === undefined) {
    if (scenario === undefined) throw new UsageError('expected one scenario file');
    return { file: readScenario(scenario, changesOf(options), env) };
  }
  const others = ['url', 'record', 'set', 'turns', 'seed'] as const;
  const other = others.find((name) => options[name] !== undefined);
  if (scenario !== undefined || other !== undefined)
    throw new UsageError('--continue takes the scenario, and what was changed in it, from the run');
  const kept = KeptRun.open(options.continue, env);
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

const runFile = async (scenario: string | undefined, options: RunOptions, host: Host): Promise<number> => {
  const { agents: startAgents, oneProcess, record, keep } = options;
  if (options.replay !== undefined) {
    if (scenario !== undefined) throw new UsageError('--replay takes the scenario from the record');
    return replayRecord(options.replay, { port: options.port ?? 0, oneProcess: options.oneProcess }, host);
  }
  if (record !== undefined && !startAgents)
    throw new UsageError('--record needs agents that are started here');
  const { out } = host;
  const port = options.port ?? (await freePort(defaultPort));
  const { file, kept: continued } = sourceOf(scenario, options, host);
  const url = await urlOf(options, host);
  const recording =
    record === undefined ? undefined : Recording.begin(userPath(record, host.env), file, randomUUID());
  const { text, changes } = file;
  const source = { command: 'run', file: file.file, text, changes } as const;
  using kept =
    continued ??
    (url === undefined
      ? KeptRun.begin(file.scenario.title ?? basename(file.file), source, host.env)
      : undefined);
  using view = new ConversationDisplay(out);
  const agents = startAgents ? agentsOf(file.scenario).map((agent) => withKey(agent, host.env)) : [];
  await using castDeployment = await CastDeployment.set(
    {
      url,
      port,
      ledger: kept?.ledger,
      agents: recording ? agents.map((agent, place) => recording.recorded(agent, place)) : agents,
      oneProcess,
      env: {
        AGENT_REHEARSAL_DELAY_MS: rehearsalDelay(host),
        AGENT_KEEP_PROMPTS: host.env.AGENT_KEEP_PROMPTS || keptPrompts,
      },
      exclusive: recording !== undefined,
      onLog: logNotes((note) => view.transcript.note(note)),
    },
    host,
  );
  const { api, halted } = castDeployment;
  const isUsual = url !== undefined && options.url === undefined;
  const page = (isUsual && host.env.PARLEY_PAGE) || castDeployment.url;
  const played: Played = {
    command: 'run',
    view,
    kept,
    isElsewhere: url !== undefined,
    halted,
    url: castDeployment.url,
    conversation: kept?.record.conversation,
  };
  const code = await playedOut(played, host, async () => {
    let { conversation } = played;
    if (conversation === undefined) {
      ({ conversation } = await api.open(openingOf(file.scenario), recording?.key ?? randomUUID()));
      played.conversation = conversation;
      kept?.opened(conversation);
    } else await goOn(api, conversation);
    const where = (url === undefined ? unreached(host.env) : undefined) ?? `watch it at ${page}`;
    header(file, conversation, where, host);
    const ending = await view.show(api, toItsEnd(api, conversation, halted));
    if (recording && ending) {
      recording.finish(conversation, view.entries);
      host.err.write(`${paint(host.err, `Recorded in ${record}`, 'dim')}\n`);
    }
    return ending;
  });
  if (keep) await staysUp(page, halted, host);
  return code;
};

export const run: CommandMaker = (host) =>
  commandNamed(
    'run',
    'run a scenario file and show it while it happens',
    'Starts a router and a process for each member, opens the conversation of the scenario, and shows it to its end. The ledger of a router that is started here is kept (`parley help runs`).',
  )
    .argument('[SCENARIO]', 'a scenario file')
    .option(
      '--url <URL>',
      'on this router, with agents of its own (default: PARLEY_RUN_URL, which docker-compose.yml sets; else start a router, too, and end everything with the conversation); members for whom a plain client speaks are not started',
    )
    .option(
      '--continue <RUN>',
      'go on with a kept run that was stopped: its name as `parley runs` lists it, or `last`',
    )
    .option('--no-agents', 'start no agents: all members connect by themselves')
    .addOption(oneProcessOption)
    .addOption(turnsOption)
    .addOption(seedOption)
    .addOption(setOption)
    .option('--record <DIR>', 'keep every model call, the ledger and a manifest, for `parley replay DIR`')
    .option('--replay <DIR>', 'the same as `parley replay DIR`; takes no SCENARIO')
    .addOption(portOption)
    .option('--keep', 'leave the router and the agents up after the ending, until Ctrl-C')
    .addHelpText(
      'after',
      `
Exit codes:
  0   ended as planned: agreed, stop-phrase, max-turns, max-duration
  10  failed          13  repetition     16  cost-budget
  11  absent          14  farewell-loop  17  operator
  12  agent-left      15  token-budget
  1   could not be run, or was stopped; 2: the command line is wrong

Examples:
  parley run scenarios/debate.yaml
  parley run scenarios/debate.yaml --turns 6 --set cast.pro.model=gpt-4.1-mini
  parley run --continue last`,
    )
    .action(async (scenario, options) => host.exitWith(await runFile(scenario, options, host)));

import { userPath } from '@parley/runtime';
import { toItsEnd } from '../../api/follow.ts';
import { type CommandMaker, commandNamed, type Host } from '../../command.ts';
import { CastDeployment } from '../../deployment/cast-deployment.ts';
import { logNotes } from '../../deployment/log-notes.ts';
import { exitDifferent } from '../../exit-codes.ts';
import { type Difference, firstDifference, ledgerHash } from '../../ledger-hash.ts';
import { oneProcessOption, portOption } from '../../options.ts';
import { RecordedRun } from '../../recording/recording.ts';
import { agentsOf } from '../../scenario/agents.ts';
import { openingOf } from '../../scenario/opening.ts';
import { ConversationDisplay } from '../../terminal/conversation-display.ts';
import { harmless, paint, type Screen } from '../../terminal/terminal.ts';

/** A replay must not reach a model even by mistake: it has no key, and its server is a port on which no process listens. */
const offline = {
  OPENAI_API_KEY: '',
  OPENAI_API_KEY_FILE: '',
  AGENT_REHEARSAL_DELAY_MS: '0',
};

const tellDifference = (out: Screen, { seq, before, after }: Difference): void => {
  out.write(`${paint(out, `Different at entry ${seq}`, 'bold', 'red')}\n`);
  out.write(
    `  recorded: ${harmless(before ?? 'nothing more')}\n  replayed: ${harmless(after ?? 'nothing more')}\n`,
  );
};

/** Runs the record again and compares; resolves with the exit code. */
export const replayRecord = async (
  folder: string,
  { port, oneProcess }: { readonly port: number; readonly oneProcess: boolean | undefined },
  host: Host,
): Promise<number> => {
  const record = new RecordedRun(userPath(folder, host.env));
  const { out } = host;
  using view = new ConversationDisplay(out);
  await using castDeployment = await CastDeployment.set(
    {
      url: undefined,
      port,
      agents: agentsOf(record.file.scenario).map((agent, place) => record.replayed(agent, place)),
      oneProcess,
      env: offline,
      onLog: logNotes((text) => view.transcript.note(text)),
    },
    host,
  );
  const { api, halted } = castDeployment;
  try {
    const { conversation } = await api.open(openingOf(record.file.scenario), record.manifest.key);
    await view.show(api, toItsEnd(api, conversation, halted));
  } catch (error) {
    throw halted.aborted && !host.stop.aborted ? halted.reason : error;
  }
  view.footer();
  const different = firstDifference(record.entries, view.entries);
  if (different) {
    tellDifference(out, different);
    return exitDifferent;
  }
  const hash = ledgerHash(view.entries);
  out.write(
    `${paint(out, 'OK', 'bold', 'green')}: ${view.entries.length} entries, the same as recorded (${hash.slice(0, 16)})\n`,
  );
  return 0;
};

export const replay: CommandMaker = (host) =>
  commandNamed(
    'replay',
    'run a recorded conversation again, offline, and compare',
    `Runs what \`parley run --record DIR\` has written. Router and agents are real; the models answer from the record alone. Exits with 0 when the ledgers are the same entry by entry (without times and ids), and with ${exitDifferent} when they are not; then it shows the first difference.`,
  )
    .argument('<DIR>', 'the folder of the record')
    .addOption(oneProcessOption)
    .addOption(portOption)
    .action(async (folder, { port = 0, oneProcess }) =>
      host.exitWith(await replayRecord(folder, { port, oneProcess }, host)),
    );

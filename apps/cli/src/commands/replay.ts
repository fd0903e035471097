import { parseArgs } from 'node:util';
import { userPath } from '@parley/runtime';
import { toItsEnd } from '../api/follow.ts';
import { onlyOne, wholeNumber } from '../arguments.ts';
import type { Command } from '../command.ts';
import { CastDeployment } from '../deployment/cast-deployment.ts';
import { logNotes } from '../deployment/log-notes.ts';
import { exitDifferent } from '../exit-codes.ts';
import { type Difference, firstDifference, ledgerHash } from '../ledger-hash.ts';
import { RecordedRun } from '../recording/recording.ts';
import { agentsOf } from '../scenario/agents.ts';
import { openingOf } from '../scenario/opening.ts';
import { ConversationDisplay } from '../terminal/conversation-display.ts';
import { harmless, paint, type Screen } from '../terminal/terminal.ts';

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

export const replay: Command = {
  summary: 'run a recorded conversation again, offline, and compare',
  usage: `Usage: parley replay DIR [--port PORT]

  DIR           what \`parley run --record DIR\` has written
  --port PORT   of the router that is started (default: a free one)

Router and agents are real; the models answer from the record alone. It exits with 0 when the ledgers are the
same entry by entry (without times and ids), with ${exitDifferent} when they are not, and then shows the first difference.
`,
  async run(args, host) {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: { port: { type: 'string' } },
      allowPositionals: true,
    });
    const record = new RecordedRun(userPath(onlyOne(positionals, 'recorded folder'), host.env));
    const { out } = host;
    using view = new ConversationDisplay(out);
    await using castDeployment = await CastDeployment.set(
      {
        url: undefined,
        port: values.port === undefined ? 0 : wholeNumber('port', values.port, 0, 65_535),
        agents: agentsOf(record.file.scenario).map((agent, place) => record.replayed(agent, place)),
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
  },
};

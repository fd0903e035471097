import type { EntryOf } from '@parley/protocol';
import type { Environment } from '@parley/runtime';
import type { Host } from '../../command.ts';
import type { KeptRun } from '../../deployment/kept-run.ts';
import { keptNote, pauseFor } from '../../deployment/kept-run-notes.ts';
import { exitCodeOf } from '../../exit-codes.ts';
import type { ConversationDisplay } from '../../terminal/conversation-display.ts';
import { paint } from '../../terminal/terminal.ts';

/** On a terminal a rehearsed reply takes as long as a person needs to read one. */
const paceMs = { live: '1800', piped: '100' } as const;

/** How long a rehearsed reply takes: as the user sets it, else at a reader's pace. */
export const rehearsalDelay = ({ env, out }: Host): string =>
  env.AGENT_REHEARSAL_DELAY_MS || (out.live ? paceMs.live : paceMs.piped);

/**
 * What is said in the place of the address of a router that this program started, when no browser reaches it: in a container of
 * docker-compose.yml, which sets PARLEY_PAGE to the address of the deployment.
 */
export const unreached = ({ PARLEY_PAGE: page }: Environment): string | undefined =>
  page ? 'its router is in this container, where no browser reaches it' : undefined;

/** The conversation of `parley run` or `parley demo`, as far as it is known. */
export interface Played {
  readonly command: 'run' | 'demo';
  readonly view: ConversationDisplay;
  /** The ledger that outlives it; undefined where it is on a router that this program did not start. */
  readonly kept: KeptRun | undefined;
  /** The router is not one that this program started: the conversation goes on without it. */
  readonly isElsewhere: boolean;
  /** Aborted when the user stops, or when a process is gone. */
  readonly halted: AbortSignal;
  url: string;
  conversation: string | undefined;
}

/**
 * Shows a conversation to its end; resolves with the exit code. If the user stops it, it is paused, and the command that
 * continues it is printed. Throws any other error.
 */
export const playedOut = async (
  played: Played,
  host: Host,
  play: () => Promise<EntryOf<'ended'> | undefined>,
): Promise<number> => {
  const { command, view, kept, halted } = played;
  try {
    const ending = await play();
    view.footer();
    if (kept && played.conversation !== undefined) keptNote(kept, played.conversation, host);
    return ending ? exitCodeOf(ending.reason) : 1;
  } catch (error) {
    if (!host.stop.aborted) throw halted.aborted ? halted.reason : error;
    host.out.write('\n');
    view.footer();
    const { url, conversation } = played;
    if (kept && conversation !== undefined) {
      await pauseFor(url, conversation);
      keptNote(kept, conversation, host, command);
    } else if (played.isElsewhere && conversation !== undefined) {
      host.err.write(
        'The conversation itself goes on on the router: `parley ls` shows it, `parley end ID` ends it\n',
      );
    }
    return 1;
  }
};

/** After the ending: router and agents stay for the browser, until the user stops them or one of them is gone. */
export const staysUp = async (page: string, halted: AbortSignal, { out, stop }: Host): Promise<void> => {
  if (stop.aborted) return;
  out.write(`${paint(out, `Everything stays up at ${page} until Ctrl-C`, 'dim')}\n`);
  if (!halted.aborted) await new Promise((resolve) => halted.addEventListener('abort', resolve));
};

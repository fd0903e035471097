import { type Entry, hearersOf } from '@parley/protocol';
import type { ComponentChildren } from 'preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Live } from '../../model/live.ts';
import type { OpenConversation } from '../../model/open-conversation.ts';
import { conversationLink } from '../../model/route.ts';
import { Dialog } from '../dialog.tsx';
import type { MenuActions } from '../transcript/entry-menu.tsx';
import { PromptDialog } from '../transcript/prompt-dialog.tsx';
import { Replay } from '../transcript/replay.tsx';
import { TranscriptList } from '../transcript/transcript-list.tsx';
import { useClock } from '../use.ts';
import { BranchPanel } from './branch-panel.tsx';
import { CastPanel } from './cast-panel.tsx';
import { Controls } from './controls.tsx';
import { ConversationHead } from './conversation-head.tsx';
import { ExportPanel } from './export-panel.tsx';
import { ForkDialog } from './fork-dialog.tsx';
import { SharePanel } from './share-panel.tsx';
import { SpeakForm } from './speak-form.tsx';
import { TimePanel } from './time-panel.tsx';

type Asked = { readonly kind: 'fork' | 'heard' | 'prompt'; readonly entry: Entry };

/** How often the page asks why a turn waits, because no entry has that. */
const waitingEveryMs = 2_000;

/** A message that a screen reader reads once, when it is complete. */
const Spoken = ({ open }: { readonly open: OpenConversation }) => {
  const [text, setText] = useState('');
  useClock(1_500, true);
  useEffect(() => {
    if (open.following && open.spoken !== text) setText(open.spoken);
  });
  return (
    <p class="unseen" aria-live="polite">
      {text}
    </p>
  );
};

/** Scrolls to the newest entry and follows it. */
const Latest = ({ open, onGo }: { readonly open: OpenConversation; readonly onGo: () => void }) =>
  open.following || open.view?.status === 'ended' ? null : (
    <button
      type="button"
      class="latest"
      id="latest"
      onClick={() => {
        open.following = true;
        open.target = undefined;
        onGo();
      }}
    >
      ↓ Follow the newest entry
    </button>
  );

const actionsOf = (
  live: Live,
  open: OpenConversation,
  ask: (asked: Asked) => void,
  tell: (text: string) => void,
): MenuActions => {
  const copy = (text: string, what: string) =>
    void navigator.clipboard
      .writeText(text)
      .then(() => tell(`${what} copied.`))
      .catch(() => tell('This browser does not let the page copy.'));
  return {
    isOperator: live.isOperator,
    copyText: (entry) => copy('text' in entry ? entry.text : '', `Text of entry ${entry.seq}`),
    copyLink: (entry) =>
      copy(
        `${location.href.split('#')[0]}${conversationLink(open.id, entry.seq, live.share)}`,
        `Link to entry ${entry.seq}`,
      ),
    fork: (entry) => ask({ kind: 'fork', entry }),
    whoHeard: (entry) => ask({ kind: 'heard', entry }),
    prompt: (entry) => ask({ kind: 'prompt', entry }),
    toggleRaw: (seq) => {
      if (!open.raw.delete(seq)) open.raw.add(seq);
      live.changes.note();
    },
    unfold: (seq) => {
      open.unfolded.add(seq);
      live.changes.note();
    },
  };
};

/** One conversation: its head, its entries, and its panel. */
export const ConversationPage = ({
  live,
  open,
  present,
}: {
  readonly live: Live;
  readonly open: OpenConversation;
  readonly present: boolean;
}): ComponentChildren => {
  const [asked, ask] = useState<Asked>();
  const [told, tell] = useState('');
  const { view } = open;
  const actions = useMemo(() => actionsOf(live, open, ask, tell), [live, open, live.isOperator]);
  useEffect(() => {
    const timer = setInterval(() => {
      const waits = open.view && open.view.status !== 'ended' && open.view.floor.length > 0;
      if (waits && !document.hidden && live.link === 'live') open.refresh();
    }, waitingEveryMs);
    return () => clearInterval(timer);
  }, [open]);
  useEffect(() => {
    if (told === '') return undefined;
    const timer = setTimeout(() => tell(''), 4_000);
    return () => clearTimeout(timer);
  }, [told]);
  if (open.missing)
    return (
      <section class="empty" id="empty">
        <h1>There is no such conversation</h1>
        <p>
          It may have been in a ledger that this router no longer uses. <a href="#runs">All conversations</a>
        </p>
      </section>
    );
  if (!view)
    return (
      <p class="loading" role="status">
        Loading the conversation…
      </p>
    );
  const hearers = asked?.entry.type === 'said' ? hearersOf(view, asked.entry) : [];
  return (
    <article id="conversation" class={present ? 'conversation presenting' : 'conversation'}>
      <div class="talk">
        <ConversationHead open={open} view={view}>
          {!present && <Controls live={live} view={view} />}
          {!present && (
            <a class="button present" href={`${conversationLink(open.id)}?present`}>
              Present
            </a>
          )}
          {present && (
            <a class="button leave" href={conversationLink(open.id)}>
              Leave the presentation
            </a>
          )}
        </ConversationHead>
        {view.status === 'ended' && <Replay open={open} onChange={() => live.changes.note()} />}
        <TranscriptList open={open} actions={actions} />
        <Spoken open={open} />
        <Latest open={open} onGo={() => live.changes.note()} />
        {live.isOperator && view.status !== 'ended' && !present && <SpeakForm live={live} view={view} />}
      </div>
      {!present && (
        <details class="beside" open={matchMedia('(min-width: 1001px)').matches}>
          <summary>Cast, time, branches, export</summary>
          <aside class="panel" aria-label="About this conversation">
            <CastPanel live={live} view={view} />
            <TimePanel open={open} />
            {!live.share && <BranchPanel open={open} view={view} />}
            <ExportPanel open={open} isOffered={view.seq > 0} />
            {live.isOperator && <SharePanel open={open} tell={tell} />}
          </aside>
        </details>
      )}
      <p class="told" role="status">
        {told}
      </p>
      {asked?.kind === 'fork' && (
        <ForkDialog live={live} view={view} entry={asked.entry} onClose={() => ask(undefined)} />
      )}
      {asked?.kind === 'prompt' && (
        <PromptDialog open={open} seq={asked.entry.seq} onClose={() => ask(undefined)} />
      )}
      {asked?.kind === 'heard' && (
        <Dialog title={`Who heard entry ${asked.entry.seq}`} onClose={() => ask(undefined)}>
          <ul>
            {hearers.map((name) => (
              <li key={name}>{name}</li>
            ))}
          </ul>
          <p class="detail">Observers and operators read every entry.</p>
          <button type="button" onClick={() => ask(undefined)}>
            Close
          </button>
        </Dialog>
      )}
    </article>
  );
};

import { type ConversationView, endingWords } from '@parley/protocol';
import type { ComponentChildren } from 'preact';
import { useEffect } from 'preact/hooks';
import type { OpenConversation } from '../../model/open-conversation.ts';
import { conversationLink } from '../../model/route.ts';
import { against, dollars, duration, elapsedOf, floorSentence, number, titleOf } from '../../model/words.ts';
import { Meter } from '../meter.tsx';
import { plain, withoutControls } from '../plain-text.tsx';
import { useClock } from '../use.ts';

type Stands = Pick<ConversationView, 'status' | 'ending'>;

/** An ending with its reason and, where the router tells it, its group: "ended: max-turns (bounded)". */
export const statusOf = ({ status, ending }: Stands): string =>
  ending ? `ended: ${ending.reason}${ending.group ? ` (${ending.group})` : ''}` : status;

const sentenceOf = ({ reason, detail }: NonNullable<Stands['ending']>): string =>
  `Over: ${endingWords[reason] ?? reason}${detail ? ` (${detail})` : ''}.`;

/** The same as a label, in the colour of the status or of the group of the ending. */
export const StatusLabel = ({ of, id }: { readonly of: Stands; readonly id?: string }): ComponentChildren => (
  <span id={id} class={`status ${of.status} ${of.ending?.group ?? ''}`}>
    {statusOf(of)}
  </span>
);

/** Title, status, floor, and the use of each limit. */
export const ConversationHead = ({
  open,
  view,
  children,
}: {
  readonly open: OpenConversation;
  readonly view: ConversationView;
  readonly children?: ComponentChildren;
}): ComponentChildren => {
  useClock(1_000, view.status === 'running');
  const { limits, usage, turns, ending, parent } = view;
  const title = withoutControls(titleOf(view));
  useEffect(() => {
    document.title = `${title.slice(0, 60)} · Parley`;
  }, [title]);
  const now = Date.now();
  const writing = new Set(open.transcript.drafts.map(({ from }) => from));
  const elapsed = elapsedOf(view, now);
  const tokens = usage.inputTokens + usage.outputTokens;
  const { maxTurns, maxDurationMs, maxTokens = 0, maxCost = 0 } = limits;
  return (
    <header class="head">
      <div class="title-line">
        <h1 id="title" tabIndex={-1} dir="auto">
          {plain(titleOf(view))}
        </h1>
        <StatusLabel of={view} id="status" />
        {children}
      </div>
      <dl id="facts" class="facts">
        <Meter
          name="turns"
          value={turns}
          limit={maxTurns}
          text={against(number(turns), maxTurns, number(maxTurns))}
        />
        <Meter
          name="time"
          value={elapsed}
          limit={maxDurationMs}
          text={against(duration(elapsed), maxDurationMs, duration(maxDurationMs))}
        />
        <Meter
          name="tokens"
          value={tokens}
          limit={maxTokens}
          text={`${against(number(tokens), maxTokens, number(maxTokens))} (${number(usage.inputTokens)} in, ${number(usage.outputTokens)} out)`}
        />
        {(usage.cost > 0 || maxCost > 0) && (
          <Meter
            name="cost"
            value={usage.cost}
            limit={maxCost}
            text={against(dollars(usage.cost), maxCost, dollars(maxCost))}
          />
        )}
        {parent && (
          <div>
            <dt>fork of</dt>
            <dd>
              <a href={conversationLink(parent.conversation, parent.seq)}>entry {parent.seq} of another</a>
            </dd>
          </div>
        )}
      </dl>
      <p id="floor" class="floor-sentence">
        {ending
          ? plain(sentenceOf(ending))
          : floorSentence(view, writing, Math.max(0, now - open.floorSince))}
      </p>
    </header>
  );
};

import type { Entry } from '@parley/protocol';
import type { ComponentChildren } from 'preact';
import { useMemo } from 'preact/hooks';
import { conversationLink } from '../../model/route.ts';
import { colourOf, dollars, number, timeOf } from '../../model/words.ts';
import { markdown } from '../markdown.tsx';
import { plain } from '../plain-text.tsx';
import { EntryMenu, type MenuActions } from './entry-menu.tsx';
import { note } from './entry-note.tsx';

/** Longer messages are folded. */
const foldedAbove = { characters: 3_000, lines: 40 };

const isLong = (text: string): boolean =>
  text.length > foldedAbove.characters || text.split('\n', foldedAbove.lines + 1).length > foldedAbove.lines;

export interface RowProps {
  readonly id: string;
  readonly seq: number;
  readonly entry: Entry | undefined;
  readonly bids: readonly Entry[] | undefined;
  readonly members: readonly string[];
  /** The state of this entry: shown as source text, shown unfolded, named by the address, has the tab stop. */
  readonly raw: boolean;
  readonly unfolded: boolean;
  readonly isTarget: boolean;
  readonly isCurrent: boolean;
  /** Where it is in the list, when it is drawn out of sight because it has the focus. */
  readonly top?: number | undefined;
  /** Whether the entry is shared with the parent of the fork. */
  readonly shared: boolean;
  readonly actions: MenuActions;
}

const Body = ({
  seq,
  text,
  raw,
  unfolded,
  onUnfold,
}: {
  readonly seq: number;
  readonly text: string;
  readonly raw: boolean;
  readonly unfolded: boolean;
  readonly onUnfold: (seq: number) => void;
}): ComponentChildren => {
  const shown = useMemo(() => (raw ? <p class="raw">{plain(text)}</p> : markdown(text)), [text, raw]);
  const folded = !unfolded && isLong(text);
  return (
    <>
      <div class={folded ? 'text folded' : 'text'} dir="auto">
        {shown}
      </div>
      {folded && (
        <button type="button" class="unfold" onClick={() => onUnfold(seq)}>
          Show all {number(text.length)} characters of entry {seq}
        </button>
      )}
    </>
  );
};

const Said = ({
  entry,
  members,
}: {
  readonly entry: Extract<Entry, { type: 'said' }>;
  readonly members: readonly string[];
}) => {
  const { usage, target, to, cost, done, from } = entry;
  const detail = [
    usage && `${usage.estimated ? '~' : ''}${number(usage.outputTokens)} tokens`,
    usage?.model,
    cost !== undefined && cost > 0 && dollars(cost),
    done && 'votes to end',
  ].filter(Boolean);
  return (
    <>
      <strong class="name">{from}</strong>
      {to ? (
        <span class="aside">
          <span aria-hidden="true">🔒</span> only {to.join(', ')} {to.length === 1 ? 'hears' : 'hear'} this
        </span>
      ) : (
        target !== undefined && members.length > 2 && <span class="addressee">to {target}</span>
      )}
      <span class="detail">{detail.join(' · ')}</span>
    </>
  );
};

/** One entry of the transcript. It is drawn again only when it has changed. */
export const EntryRow = (props: RowProps): ComponentChildren => {
  const { id, seq, entry, bids, members, raw, unfolded, isTarget, isCurrent, top, shared, actions } = props;
  const marks = [shared && 'shared', isTarget && 'target'].filter(Boolean).join(' ');
  const bidsKey = bids?.length ?? 0;
  return useMemo(() => {
    const place = {
      'data-seq': seq,
      tabIndex: isCurrent ? 0 : -1,
      style: top === undefined ? {} : { position: 'absolute', insetInline: 0, top: `${top}px` },
    } as const;
    if (!entry) return <li {...place} class="row unknown" aria-label={`Entry ${seq} is being loaded`} />;
    // Shown with the first bid of its round.
    if (entry.type === 'bid' && !bids) return <li data-seq={seq} class="row none" hidden />;
    const head = (
      <span class="place">
        <a
          class="seq"
          href={conversationLink(id, seq)}
          tabIndex={isCurrent ? 0 : -1}
          aria-label={`Entry ${seq}`}
        >
          {seq}
        </a>
        <time dateTime={new Date(entry.at).toISOString()} title={new Date(entry.at).toLocaleString()}>
          {timeOf(entry.at)}
        </time>
        <EntryMenu entry={entry} raw={raw} isCurrent={isCurrent} actions={actions} />
      </span>
    );
    if (entry.type !== 'said')
      return (
        <li {...place} class={`row note ${entry.type} ${marks}`}>
          <span class="text" dir="auto">
            {note(entry, bids)}
          </span>
          {head}
        </li>
      );
    return (
      <li
        {...place}
        class={`row said ${colourOf(members, entry.from)} ${entry.to ? 'private' : ''} ${marks}`}
      >
        <div class="by">
          <Said entry={entry} members={members} />
          {head}
        </div>
        <Body seq={seq} text={entry.text} raw={raw} unfolded={unfolded} onUnfold={actions.unfold} />
      </li>
    );
    // The bids of a row can only grow in number.
  }, [id, seq, entry, bidsKey, members, raw, unfolded, isCurrent, top, marks, actions]);
};

import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { OpenConversation } from '../../model/open-conversation.ts';
import { colourOf } from '../../model/words.ts';
import { markdown } from '../markdown.tsx';
import type { MenuActions } from './entry-menu.tsx';
import { EntryRow } from './entry-row.tsx';

/** The height above and below the visible part in which rows are drawn, in pixels. */
const overscan = 600;
/** The distance that counts as the end, in pixels. */
const endSlack = 48;
const noMembers: readonly string[] = [];

const page = () => document.documentElement;
const isAtEnd = (): boolean => innerHeight + scrollY >= page().scrollHeight - endSlack;

/** The height at the top of the window that the bar and the head of the conversation cover. */
const covered = (): number => {
  const head = document.querySelector<HTMLElement>('.head');
  const { position, top } = head ? getComputedStyle(head) : { position: 'static', top: '0' };
  return head && position === 'sticky' ? head.offsetHeight + (Number.parseFloat(top) || 0) : 0;
};

/**
 * Draws only the entries near the visible part, in a list with the height of all entries. Whether the end is followed is a state of
 * the conversation: scrolling up ends it, reaching the end starts it, and a change of the layout does neither.
 */
export const TranscriptList = ({
  open,
  actions,
}: {
  readonly open: OpenConversation;
  readonly actions: MenuActions;
}): ComponentChildren => {
  const list = useRef<HTMLOListElement>(null);
  const scrolledTo = useRef(scrollY);
  const listTop = useRef(0);
  const [, draw] = useState(0);
  const redraw = () => draw((times) => times + 1);
  const [printing, setPrinting] = useState(false);
  const wantsFocus = useRef<number | undefined>(undefined);

  const scrollToY = (y: number) => {
    scrollTo({ top: y, behavior: 'instant' });
    scrolledTo.current = scrollY;
  };

  /** The distance that the reader has scrolled since the last call. */
  const notice = () => {
    // The browser scrolls to the new end when a page becomes shorter.
    const up = scrollY < scrolledTo.current - 1 && !isAtEndExactly();
    if (up) open.following = false;
    else if (isAtEnd()) open.following = true;
    scrolledTo.current = scrollY;
  };

  /** The rows near the visible part: the first and the last one. */
  const rowsWithin = (distance: number): readonly [number, number] => {
    const top = scrollY - listTop.current;
    const { heights, count } = open;
    return [
      Math.max(1, heights.at(Math.max(0, top - distance))),
      Math.min(count, heights.at(top + innerHeight + distance) + 1),
    ];
  };
  const drawn = useRef<readonly [number, number]>([1, 0]);
  /** Draws rows before they come into sight: a list that follows its end scrolls with each entry, and then has them already. */
  const cover = () => {
    const [from, to] = rowsWithin(overscan / 2);
    if (from < drawn.current[0] || to > drawn.current[1]) redraw();
  };

  useEffect(() => {
    let waiting = false;
    const onScroll = () => {
      notice();
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => {
        waiting = false;
        cover();
      });
    };
    const letGo = () => {
      open.target = undefined;
    };
    const print = () => setPrinting(true);
    const printed = () => setPrinting(false);
    const listeners = {
      scroll: onScroll,
      resize: redraw,
      beforeprint: print,
      afterprint: printed,
      wheel: letGo,
      touchmove: letGo,
      pointerdown: letGo,
      keydown: letGo,
    } as const;
    for (const [name, listener] of Object.entries(listeners))
      addEventListener(name, listener, { passive: true });
    return () => {
      for (const [name, listener] of Object.entries(listeners)) removeEventListener(name, listener);
    };
  }, [open]);

  const { heights, transcript, view, count } = open;
  // The page asks for the view again and again: the same names must not draw every row again.
  const members = useMemo(() => view?.members ?? noMembers, [view?.members.join()]);
  heights.grow(transcript.count + 1);
  drawn.current = printing ? [1, count] : rowsWithin(overscan);
  const [first, last] = drawn.current;
  const drafts = open.replay === undefined && last >= count ? transcript.drafts : [];

  useLayoutEffect(() => {
    const element = list.current;
    if (!element) return;
    // The scroll event comes after this layout effect, which must not undo the scroll.
    if (scrollY < scrolledTo.current) notice();
    listTop.current = element.getBoundingClientRect().top + scrollY;
    const upper = scrollY - listTop.current;
    let above = 0;
    for (const row of element.children) {
      const seq = Number((row as HTMLElement).dataset.seq);
      if (!seq) continue;
      const isAbove = heights.offset(seq) + heights.height(seq) <= upper;
      const change = heights.set(seq, row.getBoundingClientRect().height);
      if (isAbove) above += change;
    }
    if (open.target !== undefined && open.target <= count) {
      const y = listTop.current + heights.offset(open.target) - Math.max(innerHeight / 4, covered() + 8);
      const wanted = Math.max(0, Math.min(y, page().scrollHeight - innerHeight));
      if (Math.abs(scrollY - wanted) > 2) {
        scrollToY(wanted);
        redraw();
      }
    } else if (open.following && !isAtEndExactly()) scrollToY(page().scrollHeight);
    else if (!open.following && above !== 0) scrollToY(scrollY + above);
    cover();
    if (wantsFocus.current !== undefined) {
      const row = element.querySelector<HTMLElement>(`[data-seq="${wantsFocus.current}"]`);
      if (row) {
        row.focus({ preventScroll: false });
        wantsFocus.current = undefined;
      }
    }
  });

  useEffect(() => open.ensure(first, Math.max(last, first)));

  const focusRow = (seq: number) => {
    const wanted = Math.max(1, Math.min(count, seq));
    open.current = wanted;
    open.following = wanted === count;
    wantsFocus.current = wanted;
    const y = listTop.current + heights.offset(wanted);
    if (y < scrollY + covered() || y > scrollY + innerHeight - 240)
      scrollToY(Math.max(0, y - Math.max(innerHeight / 3, covered() + 8)));
    redraw();
  };
  const onKey = (event: KeyboardEvent) => {
    const row = (event.target as HTMLElement).closest<HTMLElement>('[data-seq]');
    if (!row || (event.target as HTMLElement).closest('[role=menu]')) return;
    const seq = Number(row.dataset.seq);
    const next = (step: number): number => {
      let at = seq + step;
      while (at > 1 && at < count && transcript.entry(at)?.type === 'bid' && !transcript.bidsFrom(at))
        at += step;
      return at;
    };
    const steps: Readonly<Record<string, () => number>> = {
      ArrowDown: () => next(1),
      ArrowUp: () => next(-1),
      Home: () => 1,
      End: () => count,
    };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    focusRow(step());
  };
  const onFocus = (event: FocusEvent) => {
    const seq = Number((event.target as HTMLElement).closest<HTMLElement>('[data-seq]')?.dataset.seq);
    if (!seq || seq === open.current) return;
    open.current = seq;
    redraw();
  };

  const isDrawn = open.current !== undefined && open.current >= first && open.current <= last;
  /** The entry that has the focus and is out of sight: without its row the focus would be lost. */
  const away =
    !isDrawn && !printing && list.current?.contains(document.activeElement) ? open.current : undefined;
  const current = isDrawn ? open.current : (away ?? last);
  const seqs = Array.from({ length: Math.max(0, last - first + 1) }, (_, place) => first + place);
  if (away !== undefined && away <= count) seqs.splice(away < first ? 0 : seqs.length, 0, away);
  const rows = [];
  for (const seq of seqs)
    rows.push(
      <EntryRow
        key={seq}
        id={open.id}
        seq={seq}
        entry={transcript.entry(seq)}
        bids={transcript.bidsFrom(seq)}
        members={members}
        raw={open.raw.has(seq)}
        unfolded={open.unfolded.has(seq)}
        isTarget={open.target === seq}
        isCurrent={seq === current}
        top={seq === away ? heights.offset(seq) : undefined}
        shared={view?.parent !== undefined && seq <= view.parent.seq}
        actions={actions}
      />,
    );
  const padding = printing
    ? {}
    : {
        paddingTop: `${heights.offset(first)}px`,
        paddingBottom: `${Math.max(0, heights.offset(count + 1) - heights.offset(last + 1))}px`,
      };
  return (
    <ol
      id="transcript"
      class="transcript"
      aria-label={`Transcript, ${count} entries. Arrow keys move from entry to entry.`}
      ref={list}
      style={padding}
      onKeyDown={onKey}
      onFocusIn={onFocus}
    >
      {rows}
      {drafts.map(({ turn, from, text, cut }) => (
        <li key={`draft-${turn}`} class={`row said draft ${colourOf(members, from)}`}>
          <div class="by">
            <strong class="name">{from}</strong>
            <span class="detail">
              {cut ? 'writing… the beginning is shown when the message is whole' : 'writing…'}
            </span>
          </div>
          <div class="text" dir="auto">
            {markdown(cut ? `… ${text}` : text)}
          </div>
        </li>
      ))}
    </ol>
  );
};

const isAtEndExactly = (): boolean => innerHeight + scrollY >= page().scrollHeight - 1;

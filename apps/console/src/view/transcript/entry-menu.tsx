import type { Entry } from '@parley/protocol';
import type { ComponentChildren } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';

export interface MenuActions {
  readonly isOperator: boolean;
  copyText(entry: Entry): void;
  copyLink(entry: Entry): void;
  fork(entry: Entry): void;
  whoHeard(entry: Entry): void;
  prompt(entry: Entry): void;
  toggleRaw(seq: number): void;
  unfold(seq: number): void;
}

const Items = ({
  items,
  onClose,
}: {
  readonly items: readonly (readonly [string, () => void])[];
  readonly onClose: () => void;
}) => {
  const list = useRef<HTMLDivElement>(null);
  // Before the next paint, and the keys of the whole place: no key press is lost before the menu has the focus.
  useLayoutEffect(() => {
    const place = list.current?.parentElement;
    const buttons = () => [...(list.current?.querySelectorAll('button') ?? [])];
    const away = (event: Event) => {
      if (!place?.contains(event.target as Node)) onClose();
    };
    const onKey = (event: KeyboardEvent) => {
      const all = buttons();
      const at = all.indexOf(document.activeElement as HTMLButtonElement);
      const step: Readonly<Record<string, number>> = {
        ArrowDown: (at + 1) % all.length,
        ArrowUp: (Math.max(at, 0) - 1 + all.length) % all.length,
        Home: 0,
        End: all.length - 1,
      };
      if (event.key === 'Escape' || event.key === 'Tab') onClose();
      const next = step[event.key];
      if (next === undefined && event.key !== 'Escape') return;
      event.preventDefault();
      event.stopPropagation();
      if (next !== undefined) all[next]?.focus();
    };
    buttons()[0]?.focus();
    addEventListener('pointerdown', away);
    place?.addEventListener('keydown', onKey);
    return () => {
      removeEventListener('pointerdown', away);
      place?.removeEventListener('keydown', onKey);
    };
  }, []);
  return (
    <div class="menu" role="menu" ref={list}>
      {items.map(([label, act]) => (
        <button
          type="button"
          role="menuitem"
          tabIndex={-1}
          onClick={() => {
            onClose();
            act();
          }}
        >
          {label}
        </button>
      ))}
    </div>
  );
};

/** The actions for one entry. */
export const EntryMenu = ({
  entry,
  raw,
  isCurrent,
  actions,
}: {
  readonly entry: Entry;
  readonly raw: boolean;
  readonly isCurrent: boolean;
  readonly actions: MenuActions;
}): ComponentChildren => {
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = () => {
    setOpen(false);
    button.current?.focus({ preventScroll: true });
  };
  const items: (readonly [string, () => void])[] = [
    ...('text' in entry ? [['Copy text', () => actions.copyText(entry)] as const] : []),
    ['Copy link', () => actions.copyLink(entry)],
    ...(entry.type === 'said'
      ? [
          [raw ? 'Show formatted' : 'Show as written', () => actions.toggleRaw(entry.seq)] as const,
          ['Who heard this', () => actions.whoHeard(entry)] as const,
        ]
      : []),
    ...(actions.isOperator && 'turn' in entry && entry.turn !== undefined
      ? [['The prompt that led to this', () => actions.prompt(entry)] as const]
      : []),
    ...(actions.isOperator ? [['Fork here…', () => actions.fork(entry)] as const] : []),
  ];
  return (
    <span class="menu-place">
      <button
        type="button"
        class="more"
        ref={button}
        tabIndex={isCurrent ? 0 : -1}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-label={`Actions of entry ${entry.seq}`}
        onClick={() => setOpen(!isOpen)}
      >
        ⋯
      </button>
      {isOpen && <Items items={items} onClose={close} />}
    </span>
  );
};

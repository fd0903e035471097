import type { ComponentChildren } from 'preact';
import type { NewMember } from '../../model/new-conversation.ts';

/** One member of a new conversation: its place in the order, its persona and model, and whether a person speaks for it. */
export const MemberRow = ({
  member,
  place,
  last,
  isFirst,
  isConnected,
  onMove,
  onChange,
  onRemove,
}: {
  readonly member: NewMember;
  readonly place: number;
  readonly last: number;
  readonly isFirst: boolean;
  readonly isConnected: boolean;
  readonly onMove: (by: number) => void;
  readonly onChange: (member: NewMember) => void;
  readonly onRemove: () => void;
}): ComponentChildren => {
  const { name, persona, model, isPerson } = member;
  return (
    <li>
      <strong>{name}</strong>{' '}
      <span class="detail">
        {[isFirst && 'speaks first', isPerson ? 'you speak for it' : !isConnected && 'not connected']
          .filter(Boolean)
          .join(' · ')}
      </span>
      <span class="buttons">
        <button
          type="button"
          aria-disabled={place === 0}
          aria-label={`Move ${name} up`}
          onClick={() => place > 0 && onMove(-1)}
        >
          ↑
        </button>
        <button
          type="button"
          aria-disabled={place === last}
          aria-label={`Move ${name} down`}
          onClick={() => place < last && onMove(1)}
        >
          ↓
        </button>
        <button type="button" aria-label={`Take ${name} out`} onClick={onRemove}>
          ✕
        </button>
      </span>
      <details>
        <summary>Persona and model of {name}</summary>
        <label>
          Persona
          <textarea
            rows={3}
            maxLength={16_000}
            value={persona}
            onInput={(event) => onChange({ ...member, persona: event.currentTarget.value })}
          />
        </label>
        <label>
          Model
          <input
            value={model}
            maxLength={200}
            placeholder="the model of the agent"
            autocomplete="off"
            onInput={(event) => onChange({ ...member, model: event.currentTarget.value })}
          />
        </label>
        <label class="choice">
          <input
            type="checkbox"
            checked={isPerson}
            onChange={(event) => onChange({ ...member, isPerson: event.currentTarget.checked })}
          />
          I take the seat of {name}
        </label>
      </details>
    </li>
  );
};

import type { ConversationView } from '@parley/protocol';
import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Live } from '../../model/live.ts';
import { Fault, useAttempt } from '../transcript/attempt.tsx';

/** A form for a message of the operator: in its own name, from a seat that it has taken, or to one member only. */
export const SpeakForm = ({
  live,
  view,
}: {
  readonly live: Live;
  readonly view: ConversationView;
}): ComponentChildren => {
  const [as, setAs] = useState('say');
  const [target, setTarget] = useState('');
  const [fault, attempt] = useAttempt();
  const box = useRef<HTMLTextAreaElement>(null);
  const seats = Object.keys(view.seats);
  const seatsBefore = useRef<readonly string[]>(seats);
  useEffect(() => {
    const taken = seats.find((name) => !seatsBefore.current.includes(name));
    seatsBefore.current = seats;
    if (taken !== undefined) {
      setAs(`as ${taken}`);
      box.current?.focus();
    }
  }, [seats.join()]);
  const options: readonly (readonly [string, string])[] = [
    ['say', 'operator'],
    ...seats.map((name) => [`as ${name}`, `${name}, whose seat is taken`] as const),
    ...view.members.map((name) => [`to ${name}`, `whisper to ${name}`] as const),
  ];
  const chosen = options.some(([key]) => key === as) ? as : 'say';
  const [kind = 'say', name = ''] = chosen.split(' ', 2);
  const speak = async () => {
    const text = box.current?.value.trim() ?? '';
    if (text === '') return;
    const said = await attempt(() =>
      kind === 'to'
        ? live.act(view.id, 'whisper', { to: [name], text })
        : live.act(view.id, 'say', { text, ...(target && { target }), ...(kind === 'as' && { as: name }) }),
    );
    if (said && box.current) box.current.value = '';
  };
  return (
    <form
      id="speak"
      class="speak"
      onSubmit={(event) => {
        event.preventDefault();
        void speak();
      }}
    >
      <label>
        As{' '}
        <select id="speak-as" value={chosen} onChange={(event) => setAs(event.currentTarget.value)}>
          {options.map(([key, text]) => (
            <option key={key} value={key}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <label>
        To{' '}
        <select
          id="speak-to"
          value={target}
          disabled={kind === 'to'}
          onChange={(event) => setTarget(event.currentTarget.value)}
        >
          <option value="">no member in particular</option>
          {view.members.map((member) => (
            <option key={member} value={member}>
              {member}
            </option>
          ))}
        </select>
      </label>
      <textarea
        id="speak-text"
        ref={box}
        rows={2}
        maxLength={32_000}
        dir="auto"
        aria-label="What to say"
        placeholder="Enter sends it, Shift+Enter begins a new line"
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
          event.preventDefault();
          void speak();
        }}
      />
      <button type="submit">Say</button>
      <Fault id="speak-fault" text={fault} />
    </form>
  );
};

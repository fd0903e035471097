import type { ConversationView } from '@parley/protocol';
import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';
import type { Live } from '../../model/live.ts';
import { Fault, useAttempt } from '../transcript/attempt.tsx';

/** Makes an agent a member, whether it is connected already or comes later. */
export const InviteForm = ({
  live,
  view,
}: {
  readonly live: Live;
  readonly view: ConversationView;
}): ComponentChildren => {
  const who = useRef<HTMLInputElement>(null);
  const history = useRef<HTMLInputElement>(null);
  const [fault, attempt] = useAttempt();
  const invite = async () => {
    const name = who.current?.value.trim() ?? '';
    if (name === '') return;
    const body = { who: name, ...(history.current?.checked === false && { history: false }) };
    if ((await attempt(() => live.act(view.id, 'invite', body))) && who.current) who.current.value = '';
  };
  const others = live.agents.filter(({ name }) => !view.members.includes(name));
  return (
    <details>
      <summary>Invite an agent</summary>
      <form
        id="invite"
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          void invite();
        }}
      >
        <label>
          Name
          <input ref={who} list="invite-names" maxLength={64} autocomplete="off" required />
        </label>
        <datalist id="invite-names">
          {others.map(({ name }) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <label class="choice">
          <input type="checkbox" ref={history} defaultChecked /> It sees what was said before
        </label>
        <button type="submit">Invite</button>
        <Fault id="invite-fault" text={fault} />
      </form>
    </details>
  );
};

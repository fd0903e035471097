import type { NewShare, ShareList, ShareView } from '@parley/protocol';
import type { ComponentChildren } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import type { OpenConversation } from '../../model/open-conversation.ts';
import { conversationLink } from '../../model/route.ts';
import { post, read } from '../../model/router-client.ts';
import { dateOf } from '../../model/words.ts';
import { Fault, useAttempt } from '../transcript/attempt.tsx';

const times = [
  [60, '1 hour'],
  [24 * 60, '1 day'],
  [7 * 24 * 60, '7 days'],
  [30 * 24 * 60, '30 days'],
] as const;

const stateOf = ({ revokedAt, revokedBy, expiresAt }: ShareView): string =>
  revokedAt !== undefined
    ? `revoked by ${revokedBy}`
    : `${expiresAt <= Date.now() ? 'expired' : 'valid until'} ${dateOf(expiresAt)}`;

/** Links with which a person reads this conversation and nothing else: make one, see them all, end one. */
export const SharePanel = ({
  open,
  tell,
}: {
  readonly open: OpenConversation;
  readonly tell: (text: string) => void;
}): ComponentChildren => {
  const [minutes, setMinutes] = useState<number>(times[2][0]);
  const [made, setMade] = useState<NewShare>();
  const [shares, setShares] = useState<readonly ShareView[]>([]);
  const [fault, attempt] = useAttempt();
  const list = async () => setShares((await read<ShareList>(`${open.path}/shares`)).shares);
  useEffect(() => void attempt(list), [open]);
  const make = () =>
    attempt(async () => {
      setMade(await post<NewShare>(`${open.path}/share`, { minutes }));
      await list();
    });
  const revoke = (share: string) =>
    attempt(async () => {
      await post(`${open.path}/unshare`, { share });
      if (made?.share === share) setMade(undefined);
      await list();
      tell('The link is revoked.');
    });
  const link = made && `${location.href.split('#')[0]}${conversationLink(open.id, undefined, made.token)}`;
  return (
    <section aria-labelledby="share-title">
      <h2 id="share-title">Share</h2>
      <form
        id="share"
        class="buttons"
        onSubmit={(event) => {
          event.preventDefault();
          void make();
        }}
      >
        <label>
          Valid for{' '}
          <select value={String(minutes)} onChange={(event) => setMinutes(Number(event.currentTarget.value))}>
            {times.map(([value, text]) => (
              <option key={value} value={String(value)}>
                {text}
              </option>
            ))}
          </select>
        </label>
        <button type="submit">Make a link</button>
      </form>
      {link !== undefined && (
        <div class="buttons">
          <input
            id="share-link"
            readOnly
            value={link}
            aria-label="Share link"
            onFocus={(event) => event.currentTarget.select()}
          />
          <button
            type="button"
            onClick={() =>
              void navigator.clipboard
                .writeText(link)
                .then(() => tell('Link copied.'))
                .catch(() => tell('This browser does not let the page copy.'))
            }
          >
            Copy
          </button>
        </div>
      )}
      <p class="detail">
        {made?.open
          ? 'This router needs no token: who reaches it can do everything, with or without the link.'
          : 'With the link a person reads this conversation, private messages and personas included, and nothing else.'}
      </p>
      <ul id="shares" class="shares">
        {shares.map((one) => (
          <li key={one.share}>
            <span class="detail">
              by {one.by} · {stateOf(one)}
            </span>{' '}
            {one.revokedAt === undefined && one.expiresAt > Date.now() && (
              <button
                type="button"
                aria-label={`Revoke the link ${one.share}`}
                onClick={() => void revoke(one.share)}
              >
                Revoke
              </button>
            )}
          </li>
        ))}
      </ul>
      <Fault id="share-fault" text={fault} />
    </section>
  );
};

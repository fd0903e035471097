import type { ComponentChildren } from 'preact';
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Live } from '../model/live.ts';

/** Asks for a token when the router requires one, or when the present one has too few rights. */
export const SignIn = ({ live }: { readonly live: Live }): ComponentChildren => {
  const token = useRef<HTMLInputElement>(null);
  const keep = useRef<HTMLInputElement>(null);
  useEffect(() => {
    document.title = 'Sign in · Parley';
  }, []);
  useLayoutEffect(() => token.current?.focus(), []);
  return (
    <form
      id="sign-in"
      class="empty form"
      onSubmit={(event) => {
        event.preventDefault();
        live.signIn(token.current?.value.trim() ?? '', keep.current?.checked ?? false);
      }}
    >
      <h1>Sign in</h1>
      <p id="sign-in-why" role="alert">
        {live.denied?.message}
      </p>
      <label>
        Token
        <input id="token" type="password" ref={token} autocomplete="off" required />
      </label>
      <label class="choice">
        <input type="checkbox" ref={keep} /> Keep me signed in on this browser
      </label>
      <p class="detail">Otherwise the token stays in this tab, until it is closed.</p>
      <button type="submit">Sign in</button>
    </form>
  );
};

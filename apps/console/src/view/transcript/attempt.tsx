import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { Denied, Refused } from '../../model/router-client.ts';

/** Runs an action and keeps the error of the router. */
export const useAttempt = (): readonly [string, (act: () => Promise<unknown>) => Promise<boolean>] => {
  const [fault, setFault] = useState('');
  const attempt = async (act: () => Promise<unknown>): Promise<boolean> => {
    setFault('');
    try {
      await act();
      return true;
    } catch (error) {
      const told = error instanceof Refused || error instanceof Denied;
      setFault(told ? error.message : 'The router cannot be reached. Try again when the page says “live”.');
      return false;
    }
  };
  return [fault, attempt];
};

export const Fault = ({ id, text }: { readonly id: string; readonly text: string }): ComponentChildren => (
  <p id={id} class="fault" role="alert">
    {text}
  </p>
);

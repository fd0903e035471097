import type { Setting } from '@parley/runtime';

/** A URL with one of the given schemes. */
export const url = (
  variable: string,
  about: { help: string; fallback: string; schemes: string },
): Setting<string> => ({
  variable,
  help: about.help,
  shown: about.fallback,
  secret: false,
  read(raw) {
    const value = raw?.trim() || about.fallback;
    const parsed = value === '' ? undefined : URL.parse(value);
    const fits =
      value === '' || (parsed && about.schemes.split(', ').includes(parsed.protocol) && parsed.hash === '');
    // The value is not shown, because a URL may contain a password.
    return fits ? { value } : { problem: `expected a URL that begins with one of ${about.schemes}` };
  },
});

import { listed, type Setting } from '@parley/runtime';

interface AboutUrl {
  readonly help: string;
  readonly fallback: string;
  readonly schemes: string;
}

const fits = (value: string, schemes: string): boolean => {
  const parsed = URL.parse(value);
  return parsed !== null && schemes.split(', ').includes(parsed.protocol) && parsed.hash === '';
};

/** A URL with one of the given schemes. */
export const url = (variable: string, about: AboutUrl): Setting<string> => ({
  variable,
  help: about.help,
  shown: about.fallback,
  secret: false,
  read(raw) {
    const value = raw?.trim() || about.fallback;
    // The value is not shown, because a URL may contain a password.
    if (/\s/.test(value)) return { problem: 'expected one URL, without spaces' };
    return value === '' || fits(value, about.schemes)
      ? { value }
      : { problem: `expected a URL that begins with one of ${about.schemes}` };
  },
});

/** One URL or several, with commas or spaces between. */
export const urls = (variable: string, about: AboutUrl): Setting<readonly string[]> => ({
  variable,
  help: about.help,
  shown: about.fallback,
  secret: false,
  read(raw) {
    const value = listed(raw?.trim() || about.fallback);
    const wrong = value.findIndex((one) => !fits(one, about.schemes));
    if (wrong === -1 && value.length > 0) return { value };
    const which = value.length > 1 ? `number ${wrong + 1} of the list: ` : '';
    return { problem: `${which}expected a URL that begins with one of ${about.schemes}` };
  },
});

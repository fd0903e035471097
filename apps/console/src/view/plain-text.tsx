import type { ComponentChildren } from 'preact';

/** Characters that change the direction of text or that are invisible. */
const hidden = /[[\p{Cc}\u202a-\u202e\u2066-\u2069]--[\n\r\t]]/v;

const directions: Readonly<Record<string, string>> = {
  '\u202a': 'LRE',
  '\u202b': 'RLE',
  '\u202c': 'PDF',
  '\u202d': 'LRO',
  '\u202e': 'RLO',
  '\u2066': 'LRI',
  '\u2067': 'RLI',
  '\u2068': 'FSI',
  '\u2069': 'PDI',
};

/** Text of a peer. A control character is shown by its name and has no effect. */
export const plain = (text: string): ComponentChildren => {
  if (!hidden.test(text)) return text;
  return text.split(new RegExp(`(${hidden.source})`, 'v')).map((part, index) => {
    if (index % 2 === 0) return part;
    const code = `U+${(part.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`;
    return (
      <span class="control" title={`control character ${code}`}>
        {directions[part] ?? code}
      </span>
    );
  });
};

/** The same for places that hold text only: control characters are left out. */
export const withoutControls = (text: string): string => text.replaceAll(new RegExp(hidden.source, 'gv'), '');

/** What was looked at. */
export type Area = 'settings' | 'router' | 'model' | 'machine' | 'ledger' | 'compose';

/** One result of `parley doctor`. A fault always comes with the command or the line that mends it. */
export type Finding =
  | { readonly level: 'ok'; readonly area: Area; readonly text: string }
  | { readonly level: 'note'; readonly area: Area; readonly text: string; readonly mend?: string }
  | { readonly level: 'fault'; readonly area: Area; readonly text: string; readonly mend: string };

/** Findings of one area. */
export const findingsOf = (area: Area) => ({
  ok: (text: string): Finding => ({ level: 'ok', area, text }),
  note: (text: string, mend?: string): Finding => ({
    level: 'note',
    area,
    text,
    ...(mend !== undefined && { mend }),
  }),
  fault: (text: string, mend: string): Finding => ({ level: 'fault', area, text, mend }),
});

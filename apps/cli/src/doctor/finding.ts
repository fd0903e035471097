/** The area that was examined. */
export type Area = 'settings' | 'router' | 'model' | 'machine' | 'ledger' | 'compose';

/** One result of `parley doctor`. A fault always has the command or the setting that fixes it. */
export type Finding =
  | { readonly level: 'ok'; readonly area: Area; readonly text: string }
  | { readonly level: 'note'; readonly area: Area; readonly text: string; readonly fix?: string }
  | { readonly level: 'fault'; readonly area: Area; readonly text: string; readonly fix: string };

/** Findings of one area. */
export const findingsOf = (area: Area) => ({
  ok: (text: string): Finding => ({ level: 'ok', area, text }),
  note: (text: string, fix?: string): Finding => ({
    level: 'note',
    area,
    text,
    ...(fix !== undefined && { fix }),
  }),
  fault: (text: string, fix: string): Finding => ({ level: 'fault', area, text, fix }),
});

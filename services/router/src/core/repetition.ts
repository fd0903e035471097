/** Repetitions or goodbyes in a row: the second is answered with a private note, the fourth ends the conversation. */
export const nudgeAt = 2;
export const endAt = 4;

interface Watched {
  readonly maxRepetition?: number | undefined;
}

/** 0 watches nothing. */
export const watchesRepetition = ({ maxRepetition = 0 }: Watched): boolean => maxRepetition > 0;

interface Judged {
  readonly likeness?: number | undefined;
  readonly farewell?: boolean | undefined;
  readonly done?: boolean | undefined;
}

/** Whether it counts as a repetition. A vote does not: what stands around it is often the same few words. */
export const isAlike = (limits: Watched, { likeness, done }: Judged): boolean =>
  watchesRepetition(limits) && !done && likeness !== undefined && likeness >= (limits.maxRepetition ?? 1);

/** Whether it counts as one goodbye more. A vote does not. */
export const isGoodbye = ({ farewell, done }: Judged): boolean => farewell === true && !done;

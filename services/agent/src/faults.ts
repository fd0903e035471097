/** What an unexpected error was caught in. A closed set: it is a label of a metric. */
export const faultPlaces = ['turn', 'frame', 'process'] as const;
export type FaultPlace = (typeof faultPlaces)[number];

/** Told of an error that is a bug of ours and has ended nothing but what it was caught in. */
export type OnFault = (place: FaultPlace, error: unknown) => void;

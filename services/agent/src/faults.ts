/**
 * The part of an agent in which an unexpected error was caught. A closed set: it is a label of a metric, which also has the place
 * `process` for an error that no agent has caught.
 */
export const faultPlaces = ['turn', 'frame'] as const;
export type FaultPlace = (typeof faultPlaces)[number];

/** Called with an error that is a bug of the agent. Only the turn or frame in which it was caught has failed. */
export type OnFault = (place: FaultPlace, error: unknown) => void;

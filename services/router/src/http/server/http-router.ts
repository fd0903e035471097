import type { Router } from '../../router.ts';

/** The parts of a router that the HTTP interface reads. */
export type HttpRouter = Pick<
  Router,
  | 'cluster'
  | 'conversations'
  | 'grants'
  | 'presence'
  | 'promptSource'
  | 'waitReasons'
  | 'routerEvents'
  | 'reads'
  | 'metrics'
  | 'faults'
  | 'clock'
  | 'activity'
  | 'agentRecords'
  | 'breakers'
>;

import { agentMetrics } from '@parley/runtime';

/** Every expression selects the routers or the models that are chosen at the top of the page. */
export const onRouter = 'instance=~"$router"';
export const onModel = 'gen_ai_request_model=~"$model"';
export const ofRouter = ({ name }: { name: string }, more = '') => `${name}{${onRouter}${more}}`;
export const ofModel = ({ name }: { name: string }, more = '') => `${name}{${onModel}${more}}`;

export const sum = (series: string, by = '') => (by ? `sum by (${by}) (${series})` : `sum(${series})`);
export const rate = (series: string, by = '') => sum(`rate(${series}[$__rate_interval])`, by);
export const aMinute = (series: string, by = '') => `60 * ${rate(series, by)}`;
export const overRange = (series: string) => sum(`increase(${series}[$__range])`);
export const quantile = (q: number, { name }: { name: string }, where: string, by = '') =>
  `histogram_quantile(${q}, ${rate(`${name}_bucket{${where}}`, ['le', by].filter(Boolean).join(', '))})`;
export const mean = ({ name }: { name: string }, where: string) =>
  `${rate(`${name}_sum{${where}}`)} / ${rate(`${name}_count{${where}}`)}`;

/** Calls of the model a second; a failed one has an `error_type`. */
export const calls = (more = '') =>
  rate(`${agentMetrics.inferenceDuration.name}_count{${onModel}${more}}`, 'gen_ai_request_model');

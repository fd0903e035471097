export { type Logger, logLevels, makeLogger } from './logger.ts';
export { agentMetrics, buildInfo, type MetricDefinition, routerMetrics } from './metric-names.ts';
export { type ProbeServer, probePort, serveProbes } from './probe-server.ts';
export { answerProbe, type Probes } from './probes.ts';
export { type ProcessPort, runMain, stopOnSignal } from './process.ts';
export {
  ConfigError,
  choice,
  decimal,
  type Environment,
  integer,
  loadSettings,
  nearest,
  type Setting,
  type Settings,
  secret,
  text,
  toggle,
  type Values,
} from './settings.ts';

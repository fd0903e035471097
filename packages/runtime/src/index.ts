// Settings: variables, .env files, and their problems.

// The life of a process: options of Node, signals, errors, connections that fail.
export { connectionProblem, hostAddress, inContainer, upgradeProblem } from './connection-problem.ts';
export { parseEnvFile, readUtf8, withEnvFile } from './env-file.ts';
export { whoMayUse } from './file-access.ts';
// Logs.
export {
  type LogFormat,
  type Logger,
  logFormats,
  logLevels,
  makeLogger,
  openLogger,
  wantsColour,
} from './logger.ts';
// Metrics and probes.
export { agentMetrics, buildInfo, type MetricDefinition, routerMetrics } from './metric-names.ts';
export { nodeOptions } from './node-options.ts';
export {
  commandLineVariables,
  composeVariables,
  defaultContextsFile,
  defaultRunsFolder,
  type ParleyVariable,
  parleyVariables,
  teamVariables,
} from './parley-variables.ts';
export { type ProbeServer, probePort, serveProbes } from './probe-server.ts';
export { answerProbe, type Probes } from './probes.ts';
export { exitWhenWritten, type ProcessPort, runMain, stopOnSignal } from './process.ts';
export { listed, ServerList } from './server-list.ts';
export {
  ConfigError,
  choice,
  decimal,
  type Environment,
  integer,
  loadSettings,
  nearest,
  path,
  problemsOf,
  type Setting,
  type Settings,
  secret,
  text,
  toggle,
  type Values,
} from './settings.ts';
// Traces.
export { genAi, genAiOperations, spanNames } from './tracing/gen-ai.ts';
export { openTracing } from './tracing/open-tracing.ts';
export { traceSettings } from './tracing/trace-settings.ts';
export { readTraceparent, type SpanIdentity, traceparentOf } from './tracing/traceparent.ts';
export {
  type Attributes,
  activeSpan,
  inSpan,
  noSpans,
  type Span,
  type SpanCounts,
  type TraceIds,
  type Tracing,
  traceHeaders,
} from './tracing/tracing.ts';
export { userPath } from './user-path.ts';

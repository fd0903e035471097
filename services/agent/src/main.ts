import {
  exitWhenWritten,
  openLogger,
  openTracing,
  runMain,
  serveProbes,
  stopOnSignal,
  wantsColour,
  withEnvFile,
} from '@parley/runtime';
import { deriveName, thisMachine } from './agent-name.ts';
import { HostedAgents, type NamedSettings } from './hosted-agents.ts';
import { readSettings } from './settings/read-settings.ts';
import type { AgentSettings } from './settings/settings.ts';
import { version } from './version.ts';

const stopMs = 5_000;

const named = async (settings: AgentSettings): Promise<NamedSettings> => ({
  settings,
  name: settings.name ?? (await deriveName(thisMachine)),
});

runMain(process, 'parley-agent', async () => {
  const cast = await Promise.all(readSettings(process.argv.slice(2), withEnvFile(process.env)).map(named));
  const [{ settings, name }] = cast as [NamedSettings];
  const log = await openLogger('agent', {
    level: settings.logLevel,
    format: settings.logFormat,
    colour: wantsColour(process.env, process.stdout.isTTY),
  });
  const ofProcess = cast.length === 1 ? log.child({ agent: name }) : log;
  const agents = await HostedAgents.make(cast, {
    log,
    tracing: await openTracing({ settings, service: 'agent', version }, ofProcess),
    revision: process.env.PARLEY_REVISION || undefined,
    onAllDismissed: () => exitWhenWritten(process, log, 1),
  });
  const { healthPort } = settings;
  const probes =
    healthPort === undefined
      ? undefined
      : await serveProbes(
          { variable: 'AGENT_HEALTH_PORT', port: healthPort },
          { unready: () => agents.unready, metrics: agents.metrics.registry },
        );
  if (probes) {
    agents.metrics.collectProcess();
    ofProcess.info({ port: probes.port }, 'serving /healthz, /readyz and /metrics');
  }

  agents.start();
  stopOnSignal(process, {
    log: ofProcess,
    onFault: (error) => agents.onFault(error),
    graceMs: stopMs,
    stop: async () => {
      await agents.stop();
      probes?.close();
    },
  });
});

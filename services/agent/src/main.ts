import { closings } from '@parley/protocol';
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
import { makeAgent } from './agent.ts';
import { deriveName, thisMachine } from './agent-name.ts';
import { openingOf } from './link/opener.ts';
import { chooseModel } from './models/choose.ts';
import { loadPromptModule, readPersona, viewPrompt } from './prompt/prompt.ts';
import { readSettings } from './settings/settings.ts';
import { version } from './version.ts';

const stopMs = 5_000;
const tokenHint =
  'AGENT_TOKEN, or the file of AGENT_TOKEN_FILE, must hold a token that the router knows for this name';

runMain(process, 'parley-agent', async () => {
  const settings = readSettings(process.argv.slice(2), withEnvFile(process.env));
  const name = settings.name ?? (await deriveName(thisMachine));
  const opening = openingOf(settings, name);
  const log = await openLogger(
    'agent',
    {
      level: settings.logLevel,
      format: settings.logFormat,
      colour: wantsColour(process.env, process.stdout.isTTY),
    },
    { agent: name },
  );

  const { promptModule, healthPort } = settings;
  const agent = makeAgent({
    settings,
    name,
    opening,
    persona: readPersona(settings.persona),
    modelSetup: await chooseModel(settings, name, log),
    prompt: promptModule === undefined ? viewPrompt : await loadPromptModule(promptModule),
    log,
    tracing: await openTracing({ settings, service: 'agent', version }, log),
    ...(process.env.PARLEY_REVISION && { revision: process.env.PARLEY_REVISION }),
    onDismissed: (code, reason) => {
      const hint = code === closings.unauthenticated.code ? { hint: tokenHint } : {};
      log.error({ code, reason, ...hint }, 'the router wants this agent to stay away');
      exitWhenWritten(process, log, 1);
    },
  });

  const probes =
    healthPort === undefined
      ? undefined
      : await serveProbes(
          { variable: 'AGENT_HEALTH_PORT', port: healthPort },
          {
            unready: () => (agent.registered ? undefined : 'not registered with the router'),
            metrics: agent.metrics.registry,
          },
        );
  if (probes) {
    agent.metrics.collectProcess();
    log.info({ port: probes.port }, 'serving /healthz, /readyz and /metrics');
  }

  agent.start();
  stopOnSignal(process, {
    log,
    onFault: (error) => agent.onFault('process', error),
    graceMs: stopMs,
    stop: async () => {
      await agent.stop();
      probes?.close();
    },
  });
});

import { type CommandMaker, commandNamed } from '../command.ts';
import { cleared } from '../deployment/cast-deployment.ts';
import { setOption } from '../options.ts';
import { agentsOf, sharedProcesses, withPersonas } from '../scenario/agents.ts';
import { changesOf } from '../scenario/changes.ts';
import { withKey } from '../scenario/member-key.ts';
import { readScenario } from '../scenario/read-scenario.ts';
import { runService } from './service.ts';

export const agents: CommandMaker = (host) =>
  commandNamed(
    'agents',
    'run the cast of a scenario in one process, for a router that runs',
    'Runs all members of a scenario in one process, with their personas, models and settings, until it is stopped. It opens no conversation: `parley run --no-agents`, the web page or any client does. Members that are external are left out. A member with replicas has each further one in another process. To run agents without a scenario, set AGENT_NAMES and start `parley agent` (.env.example).',
  )
    .argument('<SCENARIO>', 'a scenario file')
    .option('--url <URL>', 'the router (default: ROUTER_URL, else ws://localhost:8765)')
    .addOption(setOption)
    .action(async (path, { url, set }) => {
      const { scenario } = readScenario(path, changesOf({ set }), host.env);
      const cast = withPersonas(agentsOf(scenario), scenario).map((agent) => withKey(agent, host.env));
      const router = url === undefined ? {} : { ROUTER_URL: url.replaceAll(/(^|,\s*)http/g, '$1ws') };
      const codes = sharedProcesses(cast).map(({ env }) =>
        runService('agent', [], { ...host, env: { ...host.env, ...cleared, ...env, ...router } }),
      );
      host.exitWith(Math.max(0, ...(await Promise.all(codes))));
    });

import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { asRoot, docker } from './deployment.ts';

interface EnvEntry {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: object;
}
interface Container {
  readonly image: string;
  readonly command?: readonly string[];
  readonly env?: readonly EnvEntry[];
  readonly securityContext: { readonly readOnlyRootFilesystem: boolean };
  readonly volumeMounts: readonly {
    readonly name: string;
    readonly mountPath: string;
    readonly readOnly?: boolean;
  }[];
}
export interface PodSpec {
  readonly securityContext: {
    readonly runAsUser: number;
    readonly runAsGroup: number;
    readonly fsGroup: number;
  };
  readonly containers: readonly Container[];
  readonly volumes: readonly {
    readonly name: string;
    readonly emptyDir?: object;
    readonly secret?: { readonly secretName: string; readonly optional?: boolean };
    readonly persistentVolumeClaim?: { readonly claimName: string };
  }[];
}

/** What a kubelet sets for a Service named as the programs are, where the pod does not refuse it. */
const serviceLinks = ['ROUTER', 'AGENT'].flatMap((name) => [
  `${name}_SERVICE_HOST=10.0.0.1`,
  `${name}_SERVICE_PORT=8765`,
  `${name}_PORT=tcp://10.0.0.1:8765`,
  `${name}_PORT_8765_TCP=tcp://10.0.0.1:8765`,
  `${name}_PORT_8765_TCP_ADDR=10.0.0.1`,
]);
export const kubeletVariables = ['KUBERNETES_SERVICE_HOST=10.0.0.9', ...serviceLinks];

/** The security of the pods in deploy/kubernetes, in the words of Docker. */
export const restricted = (user: string): string[] => [
  ...['--user', user, '--read-only', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges:true'],
];

/** As a kubelet reads values: `$$` is one sign, and `$(NAME)` is a variable of the same container. */
const expanded = (text: string, known: ReadonlyMap<string, string>): string =>
  text.replaceAll(/\$\$|\$\(([\w.-]+)\)/g, (all, name: string | undefined) =>
    all === '$$' ? '$' : (known.get(name ?? '') ?? all),
  );

/** Runs pods of manifests as a kubelet does, in containers of one network. */
export class KubeletNode {
  readonly #folder: string;
  readonly #network: string;
  readonly #containers: string[] = [];

  /** `folder`: an empty one, for volumes. */
  constructor(folder: string, network: string) {
    this.#folder = folder;
    this.#network = network;
    docker('network', 'create', network);
  }

  /** Starts the container of a pod, and gives its id. `name` is its name in the network, as a Service would have it. */
  start(name: string, pod: PodSpec): string {
    const [{ image, command, env = [], volumeMounts }] = pod.containers as [Container];
    const { runAsUser, runAsGroup } = pod.securityContext;
    const values = new Map<string, string>();
    // Secrets and config maps are optional here, and none exists.
    for (const { name: variable, value } of env)
      if (value !== undefined) values.set(variable, expanded(value, values));
    const [entrypoint, ...args] = command ?? [];
    return this.run(
      ...['--network-alias', name, ...restricted(`${runAsUser}:${runAsGroup}`)],
      ...kubeletVariables.flatMap((one) => ['-e', one]),
      ...[...values].flatMap(([variable, value]) => ['-e', `${variable}=${value}`]),
      ...volumeMounts.flatMap((mount) => this.#mounted(mount, pod)),
      ...(entrypoint === undefined ? [] : ['--entrypoint', entrypoint]),
      image,
      ...args.map((arg) => expanded(arg, values)),
    );
  }

  /** `docker run` in the background; gives the id. */
  run(...args: string[]): string {
    const id = docker('run', '--detach', '--network', this.#network, ...args);
    this.#containers.push(id);
    return id;
  }

  /** The folder of a claim, which outlives its pods. A kubelet gives a volume to the group of the pod, and not to its user. */
  claim(name: string, group = 1000): string {
    const place = `claims/${name}`;
    if (!existsSync(join(this.#folder, place)))
      asRoot(
        this.#folder,
        'bash',
        ...[
          '-euc',
          'mkdir -p "$1" && chown "0:$2" "$1" && chmod 2775 "$1"',
          'claim',
          `/x/${place}`,
          String(group),
        ],
      );
    return join(this.#folder, place);
  }

  #mounted({ name, mountPath, readOnly }: Container['volumeMounts'][number], pod: PodSpec): string[] {
    const volume = pod.volumes.find((one) => one.name === name);
    const { fsGroup } = pod.securityContext;
    if (volume?.emptyDir) return ['--tmpfs', `${mountPath}:uid=0,gid=${fsGroup},mode=2775`];
    const mode = readOnly ? 'ro' : 'rw';
    if (volume?.secret) {
      if (!volume.secret.optional) throw new Error(`there is no secret ${volume.secret.secretName}`);
      return ['-v', `${this.#withoutSecret(volume.secret.secretName)}:${mountPath}:${mode}`];
    }
    // What is no volume of the pod comes from a claim template, for the first pod.
    const claim = volume?.persistentVolumeClaim?.claimName ?? `${name}-router-0`;
    return ['-v', `${this.claim(claim, fsGroup)}:${mountPath}:${mode}`];
  }

  /** The folder of a secret that does not exist: the links of the kubelet, and no file. */
  #withoutSecret(name: string): string {
    const folder = join(this.#folder, 'secrets', name);
    mkdirSync(join(folder, '..one'), { recursive: true });
    symlinkSync('..one', join(folder, '..data'));
    return folder;
  }

  remove(): void {
    if (this.#containers.length > 0) docker('rm', '--force', '--volumes', ...this.#containers);
    docker('network', 'rm', this.#network);
    asRoot(this.#folder, 'bash', '-c', 'rm -rf /x/*');
  }
}

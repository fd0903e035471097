import { readFileSync, writeFileSync } from 'node:fs';

/** Files that say where the sources and the images of a release are. The name and the version are those of package.json. */
export const namingFiles: readonly string[] = [
  'Dockerfile.agent',
  'Dockerfile.cli',
  'Dockerfile.router',
  'deploy/kubernetes/overlays/cluster/kustomization.yaml',
  'deploy/kubernetes/overlays/demo/kustomization.yaml',
  'deploy/kubernetes/overlays/team/kustomization.yaml',
  'deploy/prometheus/alerts.test.yml',
  'deploy/prometheus/alerts.yml',
  'docs/kubernetes.md',
  'docs/operations.md',
  'docs/tutorial.md',
];

interface Manifest {
  readonly version: string;
  readonly repository: { readonly url: string };
}

/** The text of such a file for this owner of the repository, whose images are at ghcr.io under the same name. */
export const withPublishedNames = (text: string, { version, repository }: Manifest): string => {
  const owner = /github\.com\/([\w-]+)\//.exec(repository.url)?.[1];
  if (owner === undefined)
    throw new Error(`package.json: repository.url is not one of GitHub: ${repository.url}`);
  return text
    .replaceAll(/\b(github\.com|ghcr\.io)\/[\w-]+(?=[/`\s])/g, `$1/${owner}`)
    .replaceAll(/(?<=newTag: )[\w.-]+/g, version);
};

if (import.meta.main) {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;
  for (const file of namingFiles)
    writeFileSync(file, withPublishedNames(readFileSync(file, 'utf8'), manifest));
}

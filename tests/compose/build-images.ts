import { Deployment } from './deployment.ts';

/** Builds the images once, before any test. What Docker has to say goes to the terminal. */
export default async (): Promise<void> => {
  const deployment = await Deployment.create('parley-test-build');
  deployment.compose(['--profile', 'crowd', 'build'], { show: true });
};

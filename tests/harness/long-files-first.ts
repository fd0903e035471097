import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files of the whole system that take half a minute or more, and wait for much of it. */
const long = /\/tests\/(?:chaos|fuzz|hostile|conformance)\/|\/tests\/failures\/kill-router/;

/** Long files begin first: at the end one of them would run while the other workers have nothing to do. */
export class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isWhole = ({ project }: TestSpecification) => project.name === 'whole';
    const isLong = ({ moduleId }: TestSpecification) => long.test(moduleId);
    const whole = sorted.filter(isWhole);
    const others = sorted.filter((file) => !isWhole(file));
    return [...others, ...whole.filter(isLong), ...whole.filter((file) => !isLong(file))];
  }
}

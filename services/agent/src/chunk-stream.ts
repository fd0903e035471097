import { directedSoFar } from './directions.ts';
import { type Cast, visibleSoFar } from './sanitise.ts';
import type { Scene } from './scene.ts';

/** At most one chunk frame in this time, so that streaming costs little however small the model's pieces are. */
const chunkIntervalMs = 50;

/** Gathers a reply as it is written and passes on, now and then, what may be shown of it. */
export class ChunkStream {
  readonly #cast: Cast;
  readonly #scene: Scene;
  readonly #send: (text: string) => void;
  #raw = '';
  #shown = 0;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(cast: Cast, scene: Scene, send: (text: string) => void) {
    this.#cast = cast;
    this.#scene = scene;
    this.#send = send;
  }

  push(text: string): void {
    if (this.#ended) return;
    this.#raw += text;
    this.#timer ??= setTimeout(() => this.#flush(), chunkIntervalMs);
  }

  /** What has not been shown by now comes with the line itself. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  #flush(): void {
    this.#timer = undefined;
    const visible = directedSoFar(visibleSoFar(this.#raw, this.#cast), this.#scene);
    if (visible.length <= this.#shown) return;
    this.#send(visible.slice(this.#shown));
    this.#shown = visible.length;
  }
}

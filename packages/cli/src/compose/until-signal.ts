/** Waits for the signal that ends a service. */
export interface Ending {
  /** Resolves at the first SIGINT, SIGTERM or SIGHUP; one that comes later ends the process at once. */
  readonly signal: Promise<NodeJS.Signals>;
  /** Stops waiting, so that the process can end by itself. */
  dispose(): void;
}

/**
 * A terminal sends Ctrl-C to the whole group, and npm and the launcher pass it on besides: what arrives this soon after
 * the first is the same one.
 */
const SAME_SIGNAL_MS = 1_000;

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Starts to wait. Meanwhile the process stays alive, even between two requests. */
export function waitForEnding(): Ending {
  const { promise, resolve } = Promise.withResolvers<NodeJS.Signals>();
  const alive = setInterval(() => undefined, 60_000);
  let firstAt: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (firstAt !== undefined) {
      if (performance.now() - firstAt > SAME_SIGNAL_MS) process.exit(130);
      return;
    }
    firstAt = performance.now();
    clearInterval(alive);
    resolve(signal);
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return {
    signal: promise,
    dispose: () => {
      clearInterval(alive);
      for (const signal of SIGNALS) process.off(signal, onSignal);
    },
  };
}

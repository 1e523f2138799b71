import {
  createCrosscheckEngine,
  createEmbeddedEngines,
  createManagedOpaEngine,
  createRegoEngine,
  createRemoteOpaEngine,
  createWasmEngine,
  type Disagreement,
  type Engine,
} from '@writ/pdp';
import type { Config } from '../config/config.ts';
import { CommandError, EXIT } from '../exit-status.ts';

/** Engines for Rego, which one bundle can be asked by two of. */
const CHECKED = {
  rego: (config: Config) => regoOf(config),
  opa: (config: Config) => opaOf(config),
  wasm: () => createWasmEngine(),
} as const;

/**
 * All engines side by side: `kind`, or the configuration's, evaluates bundles that name none; the others are started when a
 * bundle asks for them.
 */
export function openEngines(
  config: Config,
  kind: string | undefined,
  onDisagreement: (disagreement: Disagreement) => void,
): Engine {
  const crosscheck = (): Engine => {
    const [one, other] = config.engine?.crosscheck ?? (['rego', 'opa'] as const);
    return createCrosscheckEngine(CHECKED[one](config), CHECKED[other](config), { onDisagreement });
  };
  const standard = standardOf(kind ?? config.engine?.kind ?? 'rego', config, crosscheck);
  const others = { rego: () => regoOf(config), opa: () => opaOf(config), crosscheck };
  return createEmbeddedEngines({ standard, others });
}

function standardOf(kind: string, config: Config, crosscheck: () => Engine): Engine {
  if (kind === 'rego') return regoOf(config);
  if (kind === 'opa') return opaOf(config);
  if (kind === 'crosscheck') return crosscheck();
  const own = kind === 'wasm' || kind === 'cedar';
  throw new CommandError(
    EXIT.usage,
    own ? `\`${kind}\` is an engine of single bundles` : `unknown engine \`${kind}\``,
    own
      ? `write \`engine: ${kind}\` with the bundle in writ.yaml, or in its manifest`
      : 'known are rego, opa and crosscheck',
  );
}

function regoOf({ bundles = [] }: Config): Engine {
  // What is published changes while calls go on; what lies in a folder here is mostly small.
  return createRegoEngine({ readyCompiler: bundles.some(({ directory }) => directory === undefined) });
}

function opaOf(config: Config): Engine {
  const { url, socket, command } = config.engine ?? {};
  if (url === undefined && socket === undefined) return createManagedOpaEngine({ binary: command ?? 'opa' });
  return createRemoteOpaEngine({
    url: url ?? 'http://localhost',
    ...(socket === undefined ? {} : { socketPath: socket }),
  });
}

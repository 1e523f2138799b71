import { createCedarEngine } from './cedar/cedar-engine.ts';
import type { Engine } from './engine.ts';
import { createEngines, type EnginesOptions } from './engines.ts';
import { createRegoEngine } from './rego-engine.ts';
import { createWasmEngine } from './wasm/wasm-engine.ts';

/** What differs from the engines that come with Writ. */
export interface EmbeddedEnginesOptions {
  /** Evaluates bundles that name no engine; the embedded `rego` by default. */
  readonly standard?: Engine;
  /** Engines that need more than this process: a real OPA, two that check each other. */
  readonly others?: EnginesOptions['others'];
}

/** Every engine that needs nothing but this process, side by side: bundles say which they are for. */
export function createEmbeddedEngines({ standard, others }: EmbeddedEnginesOptions = {}): Engine {
  return createEngines({
    standard: standard ?? createRegoEngine(),
    others: {
      rego: () => createRegoEngine(),
      wasm: () => createWasmEngine(),
      cedar: () => createCedarEngine(),
      ...others,
    },
  });
}

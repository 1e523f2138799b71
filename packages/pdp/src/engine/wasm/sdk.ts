import { createRequire } from 'node:module';
import type { WasmMemory } from './web-assembly.ts';

/** What of the SDK is used: it keeps a module's heap, its data and its entrypoints. */
export interface LoadedPolicy {
  readonly mem: WasmMemory;
  readonly dataAddr: number;
  readonly dataHeapPtr: number;
  readonly entrypoints: Readonly<Record<string, number>>;
  setData(json: ArrayBuffer): void;
}

type Sdk = {
  readonly LoadedPolicy: new (instance: object, memory: WasmMemory, abiMinor: number) => LoadedPolicy;
};

/** `@open-policy-agent/opa-wasm` is CommonJS, and its types name an export that it does not have for modules. */
export const { LoadedPolicy: SdkPolicy } = createRequire(import.meta.url)(
  '@open-policy-agent/opa-wasm',
) as Sdk;

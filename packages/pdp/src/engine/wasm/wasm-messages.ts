import type { Json } from '@writ/decision';
import type { CompiledModule } from './web-assembly.ts';

/** A module of `opa build -t wasm`, compiled, as it goes to the thread that runs it. */
export interface SentModule {
  /** Unique among what the thread holds. */
  readonly id: string;
  readonly module: CompiledModule;
  /** The bundle's data as JSON. */
  readonly data: Uint8Array;
}

export type WasmRequest =
  | {
      readonly kind: 'load';
      readonly modules: readonly SentModule[];
      readonly memoryPagesMax: number;
      /** Builtins that policies may call. */
      readonly builtins: readonly string[];
    }
  | {
      readonly kind: 'evaluate';
      readonly id: string;
      readonly entrypoint: string;
      /** JSON; undefined where there is no input. */
      readonly input: string | undefined;
      readonly timeNs: bigint;
    };

/** What a module turned out to be. */
export type FoundModule = {
  readonly id: string;
  readonly entrypoints: readonly string[];
  /** Builtins that it calls and that do not exist here. */
  readonly missing: readonly string[];
};

export type WasmReply =
  | {
      readonly kind: 'loaded';
      readonly found: readonly (FoundModule | { readonly id: string; readonly failure: string })[];
    }
  | { readonly kind: 'value'; readonly value: Json }
  | { readonly kind: 'undefined' }
  | { readonly kind: 'trapped'; readonly message: string };

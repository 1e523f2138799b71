/** The thread in which Wasm modules run. It answers requests one after the other. */
import { parentPort } from 'node:worker_threads';
import type { Json } from '@writ/decision';
import { toParsed } from '@writ/rego';
import { isInexact } from '../inexact.ts';
import type { SentModule, WasmReply, WasmRequest } from './wasm-messages.ts';
import { WasmModule } from './wasm-module.ts';

/** Undefined after a trap: what a module left behind in its memory is not built on. */
const modules = new Map<string, { readonly make: () => WasmModule; loaded: WasmModule | undefined }>();

function load(request: Extract<WasmRequest, { kind: 'load' }>): WasmReply {
  const allowed = new Set(request.builtins);
  const found = request.modules.map(({ id, module, data }: SentModule) => {
    try {
      const make = (): WasmModule => new WasmModule(module, data, request.memoryPagesMax, allowed);
      const loaded = make();
      modules.set(id, { make, loaded });
      return { id, entrypoints: loaded.entrypoints, missing: loaded.missing };
    } catch (error) {
      return { id, failure: textOf(error) };
    }
  });
  return { kind: 'loaded', found };
}

function evaluate({ id, entrypoint, input, timeNs }: Extract<WasmRequest, { kind: 'evaluate' }>): WasmReply {
  const held = modules.get(id)!;
  try {
    held.loaded ??= held.make();
    const value = held.loaded.evaluate(entrypoint, input, timeNs);
    if (value === undefined) return { kind: 'undefined' };
    if (isInexact(value))
      throw new Error('its answer holds a number that JSON cannot carry exactly; round it in the policy');
    return { kind: 'value', value: toParsed(value) as Json };
  } catch (error) {
    held.loaded = undefined;
    return { kind: 'trapped', message: textOf(error) };
  }
}

/** The SDK throws texts. */
function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

parentPort?.on('message', (request: WasmRequest) => {
  parentPort?.postMessage(request.kind === 'load' ? load(request) : evaluate(request));
});

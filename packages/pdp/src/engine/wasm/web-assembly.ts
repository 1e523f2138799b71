/**
 * The part of WebAssembly's JavaScript interface (https://webassembly.github.io/spec/js-api/) that engines use; the
 * compiler's libraries declare it only together with the whole of a browser.
 */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

/** A compiled module; it can be sent to another thread as it is. */
export type CompiledModule = object;

/** Functions and values that a module is given, or gives. */
export type WasmNames = Readonly<Record<string, unknown>>;

interface WebAssemblyInterface {
  readonly Memory: new (limits: { readonly initial: number; readonly maximum: number }) => WasmMemory;
  readonly Instance: new (
    module: CompiledModule,
    imports: Readonly<Record<string, WasmNames>>,
  ) => { readonly exports: WasmNames };
  compile(bytes: Uint8Array): Promise<CompiledModule>;
}

export const webAssembly = (globalThis as unknown as { readonly WebAssembly: WebAssemblyInterface })
  .WebAssembly;

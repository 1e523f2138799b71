import { objectGet, type RegoObject, RegoSet, type Value } from '@writ/rego';
import { type LoadedPolicy, SdkPolicy } from './sdk.ts';
import { readValue, writeValue } from './value-text.ts';
import { type ModuleBuiltin, moduleBuiltin } from './wasm-builtins.ts';
import { type CompiledModule, type WasmMemory, type WasmNames, webAssembly } from './web-assembly.ts';

/** What a module exports (OPA's Wasm ABI 1.2, https://www.openpolicyagent.org/docs/wasm). */
interface Exports {
  readonly opa_malloc: (size: number) => number;
  readonly opa_json_dump: (value: number) => number;
  readonly opa_value_dump: (value: number) => number;
  readonly opa_value_parse: (text: number, size: number) => number;
  readonly builtins: () => number;
  readonly opa_wasm_abi_version?: { readonly value: number } | number;
  readonly opa_wasm_abi_minor_version?: { readonly value: number } | number;
  readonly opa_eval: (
    reserved: number,
    entrypoint: number,
    data: number,
    input: number,
    inputLength: number,
    heap: number,
    format: number,
  ) => number;
}

const PAGE_BYTES = 64 * 1024;
const PAGES_AT_START = 5;
/** How `opa_eval` is to write its answer: 0 is JSON, 1 a value of Rego. */
const VALUE_FORMAT = 1;
const ABI_MINOR_MIN = 2;

/** A module with its memory and its bundle's data, ready to be asked. */
export class WasmModule {
  readonly #policy: LoadedPolicy;
  readonly #exports: Exports;
  readonly #builtins = new Map<number, { readonly name: string; readonly call: ModuleBuiltin }>();
  /** Answers of builtins within one evaluation: the time and random values are the same all over a query. */
  readonly #answers = new Map<string, Value | undefined>();
  /** Builtins that it calls and that do not exist here. */
  readonly missing: readonly string[];
  #timeNs = 0n;

  /** Throws where it is no module of OPA's, or does not fit into the memory. */
  constructor(
    module: CompiledModule,
    data: Uint8Array,
    memoryPagesMax: number,
    allowed: ReadonlySet<string>,
  ) {
    const memory = new webAssembly.Memory({ initial: PAGES_AT_START, maximum: memoryPagesMax });
    const instance = new webAssembly.Instance(module, { env: this.#imports(memory) });
    this.#exports = instance.exports as unknown as Exports;
    const minor = checkAbi(this.#exports);
    // The SDK keeps the heap: where data ends, and what an evaluation may write over.
    this.#policy = new SdkPolicy(instance, memory, minor);
    this.missing = this.#bindBuiltins(allowed);
    this.#policy.setData(
      data.buffer.slice(data.byteOffset, data.byteOffset + data.byteLength) as ArrayBuffer,
    );
  }

  get entrypoints(): readonly string[] {
    return Object.keys(this.#policy.entrypoints);
  }

  /**
   * The answer, undefined where there is none. Read as a value of Rego: the SDK's own reader would change numbers that a
   * double does not hold, and leave sets in no order. Throws where the module traps.
   */
  evaluate(entrypoint: string, input: string | undefined, timeNs: bigint): Value | undefined {
    this.#timeNs = timeNs;
    this.#answers.clear();
    const { mem, dataAddr, dataHeapPtr } = this.#policy;
    const bytes = input === undefined ? new Uint8Array() : new TextEncoder().encode(input);
    const missing = dataHeapPtr + bytes.length - mem.buffer.byteLength;
    if (missing > 0) mem.grow(Math.ceil(missing / PAGE_BYTES));
    new Uint8Array(mem.buffer).set(bytes, dataHeapPtr);
    const place = input === undefined ? 0 : dataHeapPtr;
    const id = this.#policy.entrypoints[entrypoint]!;
    const heap = dataHeapPtr + bytes.length;
    const answer = this.#exports.opa_eval(0, id, dataAddr, place, bytes.length, heap, VALUE_FORMAT);
    return answerOf(readValue(this.#textAt(mem, answer)));
  }

  #textAt(memory: WasmMemory, address: number): string {
    const bytes = new Uint8Array(memory.buffer);
    return new TextDecoder('utf-8', { fatal: true }).decode(
      bytes.subarray(address, bytes.indexOf(0, address)),
    );
  }

  #bindBuiltins(allowed: ReadonlySet<string>): string[] {
    const text = this.#textAt(this.#policy.mem, this.#exports.opa_json_dump(this.#exports.builtins()));
    const missing: string[] = [];
    for (const [name, id] of Object.entries(JSON.parse(text) as Record<string, number>)) {
      const call = allowed.has(name) ? moduleBuiltin(name) : undefined;
      if (call === undefined) missing.push(name);
      else this.#builtins.set(id, { name, call });
    }
    return missing;
  }

  #imports(memory: WasmMemory): WasmNames {
    const call = (id: number, _context: number, ...operands: number[]): number =>
      this.#call(memory, id, operands);
    return {
      memory,
      opa_abort: (address: number) => {
        throw new Error(this.#textAt(memory, address));
      },
      opa_println: () => undefined,
      opa_builtin0: call,
      opa_builtin1: call,
      opa_builtin2: call,
      opa_builtin3: call,
      opa_builtin4: call,
    };
  }

  #call(memory: WasmMemory, id: number, operands: readonly number[]): number {
    const builtin = this.#builtins.get(id);
    if (builtin === undefined) throw new Error('a builtin is called that does not exist here');
    const texts = operands.map((address) => this.#textAt(memory, this.#exports.opa_value_dump(address)));
    const key = `${builtin.name}(${texts.join()})`;
    if (!this.#answers.has(key)) {
      const values = texts.map(readValue);
      if (values.includes(undefined)) throw new Error(`an operand of ${builtin.name} cannot be read`);
      this.#answers.set(key, builtin.call(values as Value[], this.#timeNs));
    }
    const answer = this.#answers.get(key);
    return answer === undefined ? 0 : this.#write(memory, writeValue(answer));
  }

  #write(memory: WasmMemory, text: string): number {
    const bytes = new TextEncoder().encode(text);
    const place = this.#exports.opa_malloc(bytes.length);
    new Uint8Array(memory.buffer).set(bytes, place);
    const value = this.#exports.opa_value_parse(place, bytes.length);
    if (value === 0) throw new Error('the answer of a builtin cannot be written');
    return value;
  }
}

/** A result set holds one row with the answer, or none. */
function answerOf(rows: Value | undefined): Value | undefined {
  if (!(rows instanceof RegoSet) || rows.size > 1) throw new Error('its answer cannot be read');
  const [row] = rows.sorted();
  return row === undefined ? undefined : objectGet(row as RegoObject, 'result');
}

function checkAbi(exports: Exports): number {
  const [major, minor] = [exports.opa_wasm_abi_version, exports.opa_wasm_abi_minor_version].map((global) =>
    typeof global === 'number' ? global : (global?.value ?? 0),
  );
  if (major !== 1 || minor! < ABI_MINOR_MIN)
    throw new Error(
      `it has ABI ${major}.${minor}, and 1.${ABI_MINOR_MIN} or newer is needed: build it with OPA 0.36 or newer`,
    );
  return minor!;
}

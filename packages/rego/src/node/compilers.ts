import type { CompilerReply, CompilerRequest } from './compiler-messages.ts';
import { type NoAnswer, ReadyThreads } from './one-shot-thread.ts';

const HEAP_MEBIBYTES_MAX = 4_096;
/**
 * Most of what compiling makes lives until its end: a large nursery would only be copied and take memory, measured by
 * `npm run bench -- bundle`.
 */
const YOUNG_MEBIBYTES = 32;

/** Threads that compile one policy each. */
export type Compilers = ReadyThreads<CompilerRequest, CompilerReply>;

/** Makes {@link Compilers}; until `prepare` is called none is kept ready. */
export function createCompilers(): Compilers {
  return new ReadyThreads({
    url: new URL('./compiler-thread.ts', import.meta.url),
    name: 'writ-compiler',
    heapMebibytesMax: HEAP_MEBIBYTES_MAX,
    youngMebibytes: YOUNG_MEBIBYTES,
  });
}

/** What to say of a compiler that gave no answer. */
export function compilerFailure({ reason, message }: NoAnswer): string {
  return reason === 'out-of-memory'
    ? `compiling takes more than ${HEAP_MEBIBYTES_MAX} MiB of memory`
    : `the compiler failed (${message})`;
}

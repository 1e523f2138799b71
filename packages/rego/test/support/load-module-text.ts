import type { LoadedPolicy } from '../../src/runtime.ts';
import { loadModule, runtime } from '../../src/runtime.ts';

const IMPORT = /^import \{ loadModule, runtime \} from "[^"]*";$/m;

/** Runs a module's text in place, as importing it would: tests that load thousands have no files. */
export function loadModuleText(text: string): LoadedPolicy {
  if (!IMPORT.test(text)) throw new Error('a module imports its runtime and nothing else');
  const body = text
    .replace(IMPORT, '"use strict";')
    .replace('export const policy = ', 'const policy = ')
    .replace('export default policy;', 'return policy;');
  const make = new Function('loadModule', 'runtime', body) as (...parameters: unknown[]) => LoadedPolicy;
  return make(loadModule, runtime);
}

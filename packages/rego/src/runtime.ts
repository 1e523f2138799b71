/**
 * What policies need that were compiled ahead of time, `writ build --target mjs` or `Policy.writeModule`: the
 * evaluation without parser, analysis and planner. The modules import `loadModule` and `runtime`; a program imports
 * the modules.
 */
export type { LoadedPolicy } from './compile/load-module.ts';
export { loadModule } from './compile/load-module.ts';
export type { PolicyModule } from './compile/module-source.ts';
export { RUNTIME as runtime } from './compile/runtime-names.ts';

/** What an evaluation may be given where it runs on Node; nothing else in this package needs Node. */
export type { CryptoHost, HostKey, PrivateKeyForm, SignatureAlgorithm } from './builtins/index.ts';
export type { CompileApartOptions, CompileApartResult, PolicyOfPlan } from './node/compile-apart.ts';
export { compileApart } from './node/compile-apart.ts';
export type { Compilers } from './node/compilers.ts';
export { createCompilers } from './node/compilers.ts';
export { nodeCrypto } from './node/crypto.ts';
export type { ThreadEnd, ThreadLimits } from './node/killable-thread.ts';
export { KillableThread } from './node/killable-thread.ts';
export type { NodeNetworkOptions } from './node/network.ts';
export { anyFile, nodeNetwork } from './node/network.ts';
export type { NoAnswer, OneShotThreadOptions } from './node/one-shot-thread.ts';
export { ReadyThreads } from './node/one-shot-thread.ts';
export type { ThreadedTestOptions } from './node/run-tests-in-threads.ts';
export { runTestsInThreads } from './node/run-tests-in-threads.ts';
export type {
  PolicyWorkerOptions,
  WorkerCompileResult,
  WorkerEvaluationOptions,
  WorkerPolicy,
} from './node/worker-pool.ts';
export { PolicyWorkers } from './node/worker-pool.ts';

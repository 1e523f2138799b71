/** Where one-shot threads begin: loading their code is most of their work, and it too goes after decisions. */
import { workerData } from 'node:worker_threads';
import { yieldToDecisions } from './thread-priority.ts';

yieldToDecisions();
await import((workerData as { readonly code: string }).code);

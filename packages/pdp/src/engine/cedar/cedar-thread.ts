/** The thread in which Cedar evaluates. It answers requests one after the other. */
import { parentPort } from 'node:worker_threads';
import cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { DecisionRequest } from '@writ/decision';
import type { CedarReply, CedarRequest, FoundCedar, SentCedar } from './cedar-messages.ts';
import { cedarCall } from './cedar-request.ts';
import { type LoadedCedar, readCedar } from './read-cedar.ts';

const bundles = new Map<string, LoadedCedar>();

function load(sent: SentCedar): FoundCedar {
  const read = readCedar(sent);
  if (read.loaded !== undefined) bundles.set(sent.bundle, read.loaded);
  return read.found;
}

function evaluate({ bundle, input }: Extract<CedarRequest, { kind: 'evaluate' }>): CedarReply {
  const { entities, schema } = bundles.get(bundle)!;
  const call = cedarCall(input as unknown as DecisionRequest, entities, schema);
  const answer = cedar.statefulIsAuthorized({
    ...(call as object as Omit<Parameters<typeof cedar.statefulIsAuthorized>[0], 'preparsedPolicySetId'>),
    preparsedPolicySetId: bundle,
    ...(schema === undefined ? {} : { preparsedSchemaName: bundle }),
    validateRequest: schema !== undefined,
  });
  if (answer.type === 'failure') return { kind: 'failed-evaluation', message: messageOf(answer.errors[0]) };
  const { decision, diagnostics } = answer.response;
  // A policy that fails is left out by Cedar: one that forbids would be missing.
  const [failed] = diagnostics.errors;
  if (failed !== undefined)
    return {
      kind: 'failed-evaluation',
      message: `policy \`${failed.policyId}\`: ${messageOf(failed.error)}`,
    };
  return { kind: 'judged', decision, determining: diagnostics.reason };
}

function messageOf(error: { readonly message: string } | undefined): string {
  return error?.message ?? 'no reason was given';
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

parentPort?.on('message', (request: CedarRequest) => {
  if (request.kind === 'load') {
    const reply: CedarReply = { kind: 'loaded', found: request.bundles.map(load) };
    parentPort?.postMessage(reply);
    return;
  }
  let reply: CedarReply;
  try {
    reply = evaluate(request);
  } catch (error) {
    reply = { kind: 'failed-evaluation', message: textOf(error) };
  }
  parentPort?.postMessage(reply);
});

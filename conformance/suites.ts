/** The black-box suites of `npm run conformance -- NAME`: behaviour held against something that is not ours. */
export type Suite =
  /** Test files, as vitest filters. */
  | { readonly about: string; readonly files: readonly string[] }
  /** A program of its own, which takes the words after the name. */
  | { readonly about: string; readonly program: string };

export const SUITES: Readonly<Record<string, Suite>> = {
  rego: {
    about: "the Rego engine against OPA's own corpora and the real OPA on generated inputs",
    files: ['packages/rego/test/'],
  },
  opa: {
    about: "OPA's own corpora: evaluation on each back end, compile cases, formatter, trees",
    program: 'packages/rego/test/conformance/main.ts',
  },
  differential: {
    about:
      'generated programs on the Rego engine and on the real OPA: --n CASES --seed SEED --shown MOST --coverage',
    program: 'packages/rego/test/differential/main.ts',
  },
  browser: {
    about: "the engine in headless Chromium on OPA's evaluation corpus, under a policy without unsafe-eval",
    files: ['packages/rego/test/browser/'],
  },
  engines: {
    about: 'every policy engine against one contract, with the real OPA',
    files: ['packages/pdp/test/engine'],
  },
  'fail-closed': {
    about: 'each row of the fail-closed table, with the fault really made',
    files: ['packages/pdp/test/'],
  },
  ledger: {
    about:
      "the record, also under verifiers and a witness that share no code with us: Go's tlog and note, Tessera's fsck",
    files: ['packages/ledger/test/', 'conformance/test/ledger'],
  },
  mcp: {
    about: 'the official MCP conformance suite against a fixture alone and through the gateway, both eras',
    program: 'conformance/mcp/main.ts',
  },
  poison: {
    about: 'what is found in a published corpus of injections, taken for descriptions of tools: --misses',
    program: 'conformance/poison/main.ts',
  },
  gateway: {
    about: 'the MCP gateway with real servers and clients, both eras',
    files: ['packages/gateway/test/'],
  },
  bundles: {
    about: 'reading, checking and packing bundles, with the real OPA',
    files: ['packages/bundle/test/'],
  },
  tutorial: {
    about: 'a Python client written for OPA, unchanged',
    files: ['conformance/test/python-interceptor'],
  },
};

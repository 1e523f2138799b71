/**
 * The promises of security and protocol that Writ makes. Each has an id, the sentence that users may rely on, and
 * where it comes from; tests cite the id in their title in square brackets. `tools/test/promises.test.ts` fails for
 * a promise that no test cites and for a citation of what is not promised.
 */
export interface Promised {
  readonly sentence: string;
  /** RFC, specification, advisory, or the page of ours that states it. */
  readonly source: string;
}

export const PROMISES: Readonly<Record<string, Promised>> = {
  'P-ACKNOWLEDGED-SURVIVES-KILL': {
    sentence: 'Nothing that was acknowledged is lost when the process is killed.',
    source: 'docs/architecture.md',
  },
  'P-AGENT-USER-REFUSED': {
    sentence:
      'The operating-system user of an agent cannot approve, administer or read the record where it is not the user of the operator.',
    source: 'docs/architecture.md',
  },
  'P-API-AUTHORIZATION': {
    sentence:
      'Where it is asked, `system.authz` must say yes to every request; whatever is no yes refuses, and only the socket of the operator goes past it.',
    source: 'docs/how-to/restrict-the-api.md',
  },
  'P-APPROVAL-BOUND': {
    sentence:
      'An approval serves only the call it was given for: arguments, tool definition, server, tenant, principal, actor.',
    source: 'docs/architecture.md',
  },
  'P-APPROVAL-EXACT': {
    sentence: 'An approval lifts exactly the reasons that it was asked for.',
    source: 'docs/architecture.md',
  },
  'P-APPROVAL-FLOOD': {
    sentence:
      'Questions that an agent makes people answer are bounded, and what expired hides nothing that waits.',
    source: 'docs/architecture.md',
  },
  'P-APPROVAL-ONCE': {
    sentence: 'An approval is used exactly once, however many race for it.',
    source: 'docs/architecture.md',
  },
  'P-APPROVER-POLICY': {
    sentence:
      'Who may approve is what policy says at that moment; where policy fails or says nothing, nobody may.',
    source: 'docs/reference/entrypoints.md',
  },
  'P-APPROVER-QUORUM': {
    sentence:
      'Where several people must say yes, each counts once, duties are filled by different people, and who may not any more does not count.',
    source: 'docs/reference/entrypoints.md',
  },
  'P-APPROVER-SELF': {
    sentence:
      'Nobody approves a call of their own: not its principal, its actor, nor anybody in the chain between.',
    source: 'docs/reference/entrypoints.md',
  },
  'P-STANDING-COUNTED': {
    sentence:
      'A standing permission covers no more calls and no larger sum than it says, however many are made at once; each is on record.',
    source: 'docs/how-to/approve-calls.md',
  },
  'P-STANDING-NARROW': {
    sentence:
      'A standing permission covers nothing that its words do not name, and lifts nothing but the reasons that it names.',
    source: 'docs/how-to/approve-calls.md',
  },
  'P-APPROVAL-GROUP': {
    sentence:
      'Questions that policy calls alike are one message to people; a verdict on one is none on the others.',
    source: 'docs/reference/entrypoints.md',
  },
  'P-STEP-UP-BOUND': {
    sentence:
      'A proof of identity counts in the session that brought it, by the way that was asked for, until it is too old; no proof counts in two sessions.',
    source: 'docs/how-to/approve-calls.md',
  },
  'P-APPEAL-BOUND': {
    sentence:
      'An appeal reaches only denials of resource and workflow that offer one; it lets nothing through by itself, and a granted one lifts exactly the reasons that it was asked against, once.',
    source: 'docs/how-to/approve-calls.md',
  },
  'P-ACCESS-REQUEST-BOUND': {
    sentence:
      'An access request is taken only for a denial that this service signed for the same caller and question, and approves nothing by itself.',
    source: 'OpenID AuthZEN Access Request and Approval Profile',
  },
  'P-AUTHZEN-BATCH': {
    sentence:
      'Of several evaluations, one that fails is a no about itself, and the list ends where its semantic says.',
    source: 'OpenID AuthZEN Authorization API 1.0',
  },
  'P-AUTHZEN-SEARCH': {
    sentence:
      'A search gives what an evaluation would permit at that moment and nothing else, allows and reserves nothing, and is on record.',
    source: 'OpenID AuthZEN Authorization API 1.0',
  },
  'P-AUTHZEN-TRANSPORT': {
    sentence:
      'AuthZEN callers get 400, 401, 403 or 500 where no decision was made, and a decision otherwise.',
    source: 'OpenID AuthZEN Authorization API 1.0',
  },
  'P-BATCH-ISOLATION': {
    sentence: 'A call that fails is undone alone; nothing else of its batch is.',
    source: 'docs/architecture.md',
  },
  'P-BUDGET': {
    sentence: 'A budget that is exhausted denies.',
    source: 'docs/architecture.md',
  },
  'P-BUDGET-NEVER-OVERSPENT': {
    sentence: "Reservations never exceed a budget's limit, however many race.",
    source: 'docs/architecture.md',
  },
  'P-BUILTINS-END': {
    sentence: 'No builtin runs away with time or memory.',
    source: 'CWE-400',
  },
  'P-BUNDLE-BOUNDED': {
    sentence: 'Reading a bundle is bounded in files, sizes and depth, compressed or not.',
    source: 'OPA bundle format; CWE-409',
  },
  'P-BUNDLE-DELTA': {
    sentence:
      'A delta changes data only, is signed as a whole bundle is, and applies to the bundle that it names and to no other.',
    source: 'OPA delta bundles',
  },
  'P-BUNDLE-FLEET': {
    sentence:
      'An OPA that checks signatures takes what was built and signed here, nothing that was altered since, and keeps what it has while it gets nothing better.',
    source: 'OPA bundles, signing',
  },
  'P-BUNDLE-LAST-GOOD': {
    sentence:
      'What cannot be fetched or does not activate changes nothing: the last good bundle stays, and its age is said.',
    source: 'docs/architecture.md',
  },
  'P-BUNDLE-MAX-AGE': {
    sentence:
      'Beyond a configured age, policies that nobody confirmed any more decide nothing: every call is denied.',
    source: 'docs/architecture.md',
  },
  'P-BUNDLE-NO-DOWNGRADE': {
    sentence: 'A bundle that is older than what was active does not activate, signed or not.',
    source: 'docs/architecture.md',
  },
  'P-BUNDLE-NO-ESCAPE': {
    sentence: 'No path of a bundle leaves it.',
    source: 'CWE-22',
  },
  'P-BUNDLE-NO-LINKS': {
    sentence: 'Links inside a bundle are refused.',
    source: 'CWE-59',
  },
  'P-BUNDLE-ROLLBACK': {
    sentence:
      'Only a content that was in force, signed anew as the bundle has to be, goes back in force; who asked is on record.',
    source: 'docs/how-to/roll-back.md',
  },
  'P-BUNDLE-SAFE-PATHS': {
    sentence: 'Unsafe paths in an archive are refused.',
    source: 'CWE-22',
  },
  'P-BUNDLE-SIGNATURE': {
    sentence:
      'Where signatures are required only what was signed activates, byte for byte; a signature that nobody checks is refused, not ignored.',
    source: 'OPA bundle signing',
  },
  'P-C2SP-CHECKPOINT': {
    sentence: 'Checkpoints are signed notes.',
    source: 'C2SP tlog-checkpoint, signed-note',
  },
  'P-CAPABILITY-CHECKED': {
    sentence: 'A capability that the identity layer did not give is refused outside Rego too.',
    source: 'docs/architecture.md',
  },
  'P-CEDAR-NO-FORGED-ENTITY': {
    sentence: 'Nothing that a caller sends can stand for an entity or an extension value in Cedar.',
    source: 'Cedar, JSON format of entities and contexts',
  },
  'P-CALLBACK-AGREED': {
    sentence:
      'What became of an access request is told to receivers that are configured for this enforcement point alone, and signed.',
    source: 'docs/reference/http-api.md',
  },
  'P-CHANNEL-CLOSED': {
    sentence: 'A verdict given in one channel closes the question in the others.',
    source: 'docs/how-to/ask-people.md',
  },
  'P-CHANNEL-FORGED': {
    sentence:
      'A verdict from Slack counts only with its signature, once, within five minutes, and of people who are known.',
    source: 'docs/how-to/ask-people.md',
  },
  'P-CHANNEL-HOLDS-NOTHING-UP': {
    sentence: 'A receiver that is dead delays neither decisions nor other channels.',
    source: 'docs/how-to/ask-people.md',
  },
  'P-CHANNEL-LOSES-NOTHING': {
    sentence: 'Every step of an approval is told to each channel until the channel took it, across restarts.',
    source: 'docs/how-to/ask-people.md',
  },
  'P-CHANNEL-SIGNED': {
    sentence: 'Webhooks are signed as Standard Webhooks has it, and hold nothing that is masked.',
    source: 'docs/how-to/ask-people.md',
  },
  'P-CIRCUIT': {
    sentence: 'Repeated identical denials open the circuit and tell the agent to stop.',
    source: 'docs/architecture.md',
  },
  'P-CLIENT-FAIL-CLOSED': {
    sentence: 'No fault of transport or answer lets a client proceed.',
    source: 'docs/architecture.md',
  },
  'P-CLOCK': {
    sentence: 'A clock that stepped back by more than five seconds denies rights that end with time.',
    source: 'docs/architecture.md',
  },
  'P-CLOCK-STEP-BACK': {
    sentence: 'When the clock stepped back by more than five seconds, rights that end with time are refused.',
    source: 'docs/architecture.md',
  },
  'P-COMBINE-GRANT': {
    sentence: 'Adding a grant loosens only by replacing `no_grant`.',
    source: 'docs/architecture.md',
  },
  'P-COMBINE-MONOTONE': {
    sentence:
      'Adding an entrypoint that neither grants nor overrides never makes a decision more permissive.',
    source: 'docs/architecture.md',
  },
  'P-COMBINE-ORDER': {
    sentence: 'The order of bundles and entrypoints never changes a decision.',
    source: 'docs/architecture.md',
  },
  'P-COMMAND-PROGRAMS': {
    sentence: 'A command line passes only where every program in it is known before it runs and allowed.',
    source: 'docs/reference/capability-registry.md',
  },
  'P-CONTRADICTION-DENIES': {
    sentence: "A policy's answer that contradicts itself denies.",
    source: 'docs/architecture.md',
  },
  'P-CROSSCHECK': {
    sentence:
      'Two engines that check each other deny where their answers differ or one of them fails, and it is told.',
    source: 'docs/how-to/check-one-engine-by-another.md',
  },
  'P-DELEGATION-CHAIN': {
    sentence:
      'A chain of delegation that is broken, loops or is too deep is refused with its own code, on record.',
    source: 'RFC 8693',
  },
  'P-DELEGATION-COERCED': {
    sentence: 'An agent that is driven by another one acts with no more than the chain of both allows.',
    source: 'docs/how-to/identify-callers.md',
  },
  'P-REVOKED': {
    sentence:
      'Whoever was revoked counts nowhere in a call any more, in the chain either, checked in the commit whatever token says so.',
    source: 'RFC 8693',
  },
  'P-DELEGATION-CLAIMED': {
    sentence:
      'A parent agent that a header or a message claims must be the one that a verified credential attests.',
    source: 'RFC 8693; GHSA-g53w-w6mj-hrpp',
  },
  'P-DENY-AS-RESULT': {
    sentence: "A denial comes back as the tool's result, with the machine-readable reason first.",
    source: 'docs/architecture.md',
  },
  'P-ENGINE-DEADLINE': {
    sentence: 'An evaluation that does not end in its time denies with `policy_timeout`.',
    source: 'docs/architecture.md',
  },
  'P-ENGINE-FAULT-DENIES': {
    sentence: 'An engine that is dead, slow, wrong or undefined denies.',
    source: 'docs/architecture.md',
  },
  'P-ENGINE-PRIVATE': {
    sentence: 'A managed OPA can be reached by nobody else, and inherits no environment.',
    source: 'docs/architecture.md',
  },
  'P-ENGINE-REVISION': {
    sentence: 'An answer of a remote OPA counts only when its provenance names the activated revision.',
    source: 'OPA REST API, provenance',
  },
  'P-FAIL-CLOSED': {
    sentence: 'Each fault in the fail-closed table, really made, denies with its code.',
    source: 'docs/architecture.md',
  },
  'P-FAIL-CLOSED-CLIENT': {
    sentence: 'A client that cannot reach the decision point denies.',
    source: 'docs/architecture.md',
  },
  'P-GATEWAY-APPROVAL-ONCE': {
    sentence: 'An approval lets exactly one call through.',
    source: 'docs/architecture.md',
  },
  'P-GATEWAY-AUTHENTICATED': {
    sentence: 'A wrong or missing bearer token is refused.',
    source: 'RFC 6750; MCP specification, Authorization',
  },
  'P-GATEWAY-BOTH-ERAS': {
    sentence:
      'A client of either era reaches a server of either era over either transport, with every feature of the protocol that both know.',
    source: 'MCP 2025-11-25 and 2026-07-28',
  },
  'P-GATEWAY-BOUNDED': {
    sentence:
      "What clients and servers may take of the gateway's time and memory is bounded, and beyond it is refused.",
    source: 'docs/reference/mcp-gateway.md',
  },
  'P-GATEWAY-CHAIN': {
    sentence:
      'A request takes the steps of the documented chain, in its order, and nothing happens after the step that refuses it.',
    source: 'docs/reference/mcp-gateway.md',
  },
  'P-GATEWAY-CHILD-ENVIRONMENT': {
    sentence: 'A server that is started as a child inherits no secret of the environment.',
    source: 'MCP specification, Security best practices',
  },
  'P-GATEWAY-EVERY-REQUEST': {
    sentence:
      'Resources, prompts and completion are decided as calls of tools are, each request and each list.',
    source: 'docs/architecture.md',
  },
  'P-GATEWAY-FAIL-CLOSED': {
    sentence: 'A decision point that fails denies calls and hides lists.',
    source: 'docs/architecture.md',
  },
  'P-GATEWAY-FLOW': {
    sentence:
      'Labels of what was allowed follow principal and actor, so that private data does not leave beside untrusted text.',
    source: 'examples/information-flow/README.md',
  },
  'P-GATEWAY-HEADER-MATCH': {
    sentence: 'A header that disagrees with the body is refused.',
    source: 'MCP specification 2026-07-28, SEP-2243',
  },
  'P-GATEWAY-HIDDEN-DENIED': {
    sentence: 'What a list hides is denied, and on record apart from what does not exist.',
    source: 'docs/architecture.md',
  },
  'P-GATEWAY-HOSTILE-SERVER': {
    sentence:
      'A server that answers wrongly, never, for another request or without end makes one failed call, on record, and nothing of it is released.',
    source: 'docs/reference/mcp-gateway.md',
  },
  'P-GATEWAY-IDENTITY-FROM-CREDENTIAL': {
    sentence: 'No message and no other header changes who asks.',
    source: 'GHSA-g53w-w6mj-hrpp',
  },
  'P-GATEWAY-LIST-FILTERED': {
    sentence:
      'A list shows what could be granted to this caller, for a private cache, and only whose list changed is told so.',
    source: 'MCP specification 2026-07-28, tools/list',
  },
  'P-GATEWAY-META-CLOSED': {
    sentence: "Of a request's `_meta` only well-formed trace context goes upstream.",
    source: 'W3C Trace Context; MCP specification, _meta',
  },
  'P-GATEWAY-METHODS-CLOSED': {
    sentence: 'A method that is not offered reaches no server.',
    source: 'docs/architecture.md',
  },
  'P-GATEWAY-NAMES-ARE-DATA': {
    sentence: 'No argument or name becomes part of a URL or header on its way to a server.',
    source: 'CVE-2026-29791',
  },
  'P-GATEWAY-NAMES-INJECTIVE': {
    sentence: 'Tools of two servers never share a name.',
    source: 'docs/architecture.md',
  },
  'P-GATEWAY-NO-CROSS-CLIENT': {
    sentence: 'Equal request ids never mix callers.',
    source: 'CVE-2026-25536',
  },
  'P-GATEWAY-NO-EFFECT-UNRECORDED': {
    sentence:
      'Where the record fails, before a call or amid it, nothing takes effect that is not on record, and no result goes out.',
    source: 'docs/architecture.md',
  },
  'P-GATEWAY-NO-REDIRECT': {
    sentence: "A server's redirect is not followed.",
    source: 'CWE-918',
  },
  'P-GATEWAY-NO-SHELL': {
    sentence: 'A server is started with its arguments as they are written, without a shell.',
    source: 'CVE-2026-55887, CVE-2026-42271',
  },
  'P-GATEWAY-PROBES': {
    sentence: 'Whether the gateway is there and can decide is told to anybody, and nothing else is.',
    source: 'docs/reference/configuration.md',
  },
  'P-GATEWAY-NO-TOKEN-PASSTHROUGH': {
    sentence: "A caller's token never goes upstream.",
    source: 'MCP specification, Authorization',
  },
  'P-GATEWAY-ONE-DECISION-ONE-EFFECT': {
    sentence: 'One decision stands for one effect.',
    source: 'docs/architecture.md',
  },
  'P-GATEWAY-OUTPUT-COMPLETE': {
    sentence: 'Error text, progress and logs do not bypass the output policy.',
    source: 'docs/architecture.md',
  },
  'P-GATEWAY-PIN-FINDINGS': {
    sentence:
      'Hidden or confusable characters and text addressed to the model are shown before a tool is pinned.',
    source: 'CVE-2025-54136; tool poisoning',
  },
  'P-GATEWAY-PINNED': {
    sentence:
      'What a server says of a tool, prompt or resource is held to what was pinned: changed, it is neither listed nor callable; new tools, prompts and templates wait.',
    source: 'CVE-2025-54136',
  },
  'P-GATEWAY-QUARANTINE-TOLD': {
    sentence:
      'People hear by the configured channels of definitions that wait for them, and no server can flood them.',
    source: 'docs/how-to/wrap-an-mcp-server.md',
  },
  'P-GATEWAY-REBINDING': {
    sentence: 'A foreign Host or Origin is refused.',
    source: 'CVE-2025-66414; MCP specification, Security',
  },
  'P-GATEWAY-REFUSAL-FORM': {
    sentence: 'A denial is told in the form that is configured for the era, and always with its reason.',
    source: 'docs/architecture.md',
  },
  'P-GATEWAY-REFUSAL-NO-EFFECT': {
    sentence: 'A call that is refused reaches no server.',
    source: 'docs/architecture.md',
  },
  'P-GATEWAY-REQUEST-REDACTED': {
    sentence: 'A redaction never makes a request name something that was not decided about.',
    source: 'docs/architecture.md',
  },
  'P-GATEWAY-SMUGGLING': {
    sentence: 'A request that two readers could split differently is refused.',
    source: 'CWE-444',
  },
  'P-GATEWAY-STATE-SEALED': {
    sentence:
      'The state that a client carries between rounds opens once, for the same caller and request, as long as it is good.',
    source: 'MCP 2026-07-28, multi round-trip requests',
  },
  'P-GATEWAY-TASKS': {
    sentence:
      'A call that goes on behind its request belongs to who asked for it; each request for it is decided, and what it came to passed the output policy.',
    source: 'MCP 2025-11-25, tasks; MCP 2026-07-28, extension io.modelcontextprotocol/tasks; CVE-2026-52869',
  },
  'P-GATEWAY-REAL-CLIENTS': {
    sentence:
      'Clients that were not made for Writ do real work through it, and read why what they may not do was not done.',
    source: 'MCP TypeScript and Python SDKs; Claude Code',
  },
  'P-GATEWAY-STEP-UP': {
    sentence: 'Over HTTP, stronger identity is asked for by one challenge that names all that is needed.',
    source: 'RFC 6750; RFC 9470; MCP specification, Authorization',
  },
  'P-GATEWAY-STRICT-READING': {
    sentence: 'What two readers could read differently is refused before policy.',
    source: 'GHSA-4gph-2hhr-5mwg; MCP specification, JSON-RPC',
  },
  'P-GATEWAY-UNKNOWN-EFFECT': {
    sentence: 'A call that was cut off midway is on record as unknown.',
    source: 'docs/architecture.md',
  },
  'P-GATEWAY-VERDICT-UNFORGED': {
    sentence: 'A server cannot pose as the decision point.',
    source: 'docs/architecture.md',
  },
  'P-GRANT-ONLY-RESOURCE': {
    sentence: 'Only first-party entrypoints of the resource layer grant.',
    source: 'docs/architecture.md',
  },
  'P-GUARD-FAIL-CLOSED': {
    sentence: '`guard()` runs a tool only when it is told to proceed.',
    source: 'docs/architecture.md',
  },
  'P-GZIP-BOUNDED': {
    sentence: 'A compressed body counts as what it unpacks to.',
    source: 'CWE-409',
  },
  'P-GATEWAY-METERS': {
    sentence: 'Decisions, refusals by reason, servers and queues of the gateway can be counted from outside.',
    source: 'docs/how-to/watch-the-service.md',
  },
  'P-GRACEFUL-STOP': {
    sentence:
      'A gateway that is told to stop lets calls under way finish, for so long as is written down, and refuses others on record.',
    source: 'docs/how-to/watch-the-service.md',
  },
  'P-TRACE-CONTEXT': {
    sentence:
      'A caller’s trace goes on through the gateway and the decision API, and nothing but well-formed trace context does.',
    source: 'W3C Trace Context; MCP, `_meta`',
  },
  'P-HALT': {
    sentence: 'A halt stops everyone whom it names, checked in the commit.',
    source: 'docs/architecture.md',
  },
  'P-HOST-ORIGIN': {
    sentence: 'A Host or Origin that is not served is refused.',
    source: 'CVE-2025-66414; MCP specification, Security',
  },
  'P-HUMAN-REJECTED': {
    sentence: "A person's refusal denies with `human_rejected`.",
    source: 'docs/architecture.md',
  },
  'P-IDEMPOTENT': {
    sentence: 'The same key with the same call gives the same answer; with another call it is refused.',
    source: 'docs/architecture.md',
  },
  'P-IDENTITY-ANONYMOUS': {
    sentence: 'Nobody is anonymous unless it is written down, and nobody who shows a credential.',
    source: 'packages/gateway/README.md',
  },
  'P-IDENTITY-FAIL-CLOSED': {
    sentence: 'An identity provider that fails proves nobody.',
    source: 'docs/architecture.md',
  },
  'P-IDENTITY-FIRST': {
    sentence:
      'The first identity provider that recognises a credential decides; a wrong credential is not tried elsewhere.',
    source: 'packages/gateway/README.md',
  },
  'P-IDENTITY-HEADER': {
    sentence: 'A token in a header of its own is verified like any other, and counts nowhere else.',
    source: 'OAuth transaction tokens',
  },
  'P-IDENTITY-KEYS': {
    sentence:
      'A static key proves the caller it is listed with until it expires; only its hash is kept, and it is compared in constant time.',
    source: 'RFC 6750',
  },
  'P-IDENTITY-PROXY': {
    sentence:
      'Who is asking is taken from a header only over mutual TLS from a proxy that is listed, within what it may assert.',
    source: 'GHSA-g53w-w6mj-hrpp',
  },
  'P-JCS-ORDER': {
    sentence: 'Canonical JSON sorts keys by UTF-16 code units, so that equal arguments have one hash.',
    source: 'RFC 8785, 3.2.3',
  },
  'P-JWT-ALGORITHM': {
    sentence: "A token's algorithm is checked against the key's kind, never taken on its word.",
    source: 'RFC 8725, 3.1',
  },
  'P-KEY-PRIVATE': {
    sentence: 'A credential or signing key that others can read is refused.',
    source: 'docs/architecture.md',
  },
  'P-LABELS-STAY': {
    sentence: 'Another session id sheds neither labels nor risk.',
    source: 'docs/architecture.md',
  },
  'P-EXPORT-LOSSLESS': {
    sentence:
      'An export moves on only past what its receiver has: nothing is lost, and what comes twice has the same id.',
    source: 'docs/reference/record.md',
  },
  'P-LOAD-REFUSES': {
    sentence:
      'What is more than the service takes is refused with a code before it is read, and never allowed.',
    source: 'docs/reference/configuration.md',
  },
  'P-LOG-NO-NAMES': {
    sentence:
      'Spans and log records that are sent tell decisions without arguments, results, or names of people and agents.',
    source: 'docs/how-to/watch-the-service.md',
  },
  'P-METRICS-ADMIN': {
    sentence: 'Metrics are for the operator; in development on loopback, for callers without a credential.',
    source: 'docs/reference/http-api.md',
  },
  'P-OAUTH-ALGORITHM': {
    sentence: 'A token without signature, or signed with a public key as secret, is refused.',
    source: 'RFC 8725',
  },
  'P-OAUTH-AUDIENCE': {
    sentence: 'A token for another resource is refused.',
    source: 'RFC 8707; MCP specification, Authorization',
  },
  'P-OAUTH-CHALLENGE': {
    sentence: 'Who is refused learns where to get a token and which scopes it needs, and no more.',
    source: 'RFC 9728; RFC 6750',
  },
  'P-OAUTH-CLAIMS': {
    sentence: 'A claim that the configuration names must be there: a missing tenant is not taken for none.',
    source: 'packages/gateway/README.md',
  },
  'P-OAUTH-DPOP': {
    sentence:
      'A token that is bound to a key needs a fresh proof of that key for this very request; a proof counts once.',
    source: 'RFC 9449; RFC 8705',
  },
  'P-OAUTH-FLOOD': {
    sentence: 'Made-up tokens do not make the gateway ask an issuer again and again.',
    source: 'RFC 8725',
  },
  'P-OAUTH-OUTAGE': {
    sentence: 'Kept keys bridge an outage of the issuer until they are too old; then nobody is let in.',
    source: 'packages/gateway/README.md',
  },
  'P-OAUTH-VERIFIED': {
    sentence:
      'A token counts only with a good signature of its issuer, within its time, of an accepted type; its keys may rotate at any time.',
    source: 'RFC 7519; RFC 8725; RFC 9068',
  },
  'P-OVERRIDE-ARGUMENTS': {
    sentence: 'An override token serves no other arguments than those that were approved.',
    source: 'docs/how-to/approve-calls.md',
  },
  'P-OVERRIDE-CALLER': {
    sentence: 'An override token serves no other principal, actor, tenant or enforcement point.',
    source: 'docs/how-to/approve-calls.md',
  },
  'P-OVERRIDE-CONCURRENT': {
    sentence: 'Of many uses of one override token at once, one goes through.',
    source: 'docs/how-to/approve-calls.md',
  },
  'P-OVERRIDE-EDIT': {
    sentence: 'An override token is void for what was changed or taken back after the approval.',
    source: 'docs/how-to/approve-calls.md',
  },
  'P-OVERRIDE-EXPIRED': {
    sentence: 'An override token ends within minutes of the approval.',
    source: 'docs/how-to/approve-calls.md',
  },
  'P-OVERRIDE-FORGED': {
    sentence: 'An override token counts only with the signature of the service, and only as what it is.',
    source: 'docs/how-to/approve-calls.md',
  },
  'P-OVERRIDE-REPLAY': {
    sentence: 'An override token that was used is refused.',
    source: 'docs/how-to/approve-calls.md',
  },
  'P-PAGE-SAFE': {
    sentence: 'The page for approvals judges only with a session and a form of its own, and runs no script.',
    source: 'docs/how-to/ask-people.md',
  },
  'P-PRODUCTION': {
    sentence:
      'In production nothing decides that could be changed unsigned: no folder is watched, no unsigned bundle taken, no entrypoint added to what was signed, no policy written over the API.',
    source: 'docs/how-to/publish-bundles.md',
  },
  'P-RATE-NEVER-EXCEEDED': {
    sentence:
      'No stretch of a minute holds more calls or reserved tokens than its rate limit, however many ask at once.',
    source: 'docs/reference/capability-registry.md',
  },
  'P-RECONCILE': {
    sentence:
      "Comparing a point's receipts with the record names every decision that one has and the other has not, or has otherwise.",
    source: 'docs/reference/record.md',
  },
  'P-EVIDENCE-NOT-TOUCHED': {
    sentence:
      'A pack of evidence shows that a call was not made by showing every entry of the time and what makes it another.',
    source: 'docs/reference/evidence-pack.md',
  },
  'P-EVIDENCE-TAMPERING': {
    sentence:
      'A pack of evidence in which anything was changed, left out, repeated or moved does not verify.',
    source: 'docs/reference/evidence-pack.md',
  },
  'P-LEDGER-ROTATION': {
    sentence:
      'A new signing key is vouched for by the old one in the log and on a checkpoint that both signed.',
    source: 'docs/how-to/verify-the-record.md',
  },
  'P-LEDGER-SIGNER': {
    sentence:
      "A signature of the record's checkpoints that the configured public key does not verify is never published.",
    source: 'docs/how-to/verify-the-record.md',
  },
  'P-LEDGER-WITNESS': {
    sentence:
      'A witness cosigns only what continues the log that it saw; a fork signed with the right key is refused.',
    source: 'C2SP tlog-witness, tlog-cosignature',
  },
  'P-BUILTIN-SECRETS-MASKED': {
    sentence:
      'What builtins drew is on record; what they were given or answered that can hold keys or tokens is not.',
    source: 'docs/reference/record.md',
  },
  'P-REPLAY-AS-DECIDED': {
    sentence:
      'A decision on record, asked again under the same policies, comes out the same, or is said not to be replayable.',
    source: 'docs/reference/record.md',
  },
  'P-SIGNED-RECEIPTS': {
    sentence:
      'What a node of a cluster signed a receipt for is in the log as it was, or comparing receipts with the record says so.',
    source: 'docs/how-to/run-a-cluster.md',
  },
  'P-TOKENS-ON-RECORD': {
    sentence: 'An override token is on record when it is issued, used and revoked, without its text.',
    source: 'docs/reference/record.md',
  },
  'P-CLUSTER-LEADER-SPLIT': {
    sentence: 'A leader that stands still and comes back loses nothing, and gives no entry a second place.',
    source: 'docs/how-to/run-a-cluster.md',
  },
  'P-CLUSTER-RECORD': {
    sentence:
      'The record of a cluster is one log, signed with one key, and is verified, proved and queried as that of one process.',
    source: 'docs/how-to/run-a-cluster.md',
  },
  'P-LOG-MASK': {
    sentence:
      "What the log's policy or the configured list keeps out is not in the record, which says that it is not.",
    source: 'docs/reference/record.md',
  },
  'P-LEDGER-ERASURE': {
    sentence:
      'What belongs to a person can be erased from the record; every proof holds, and the erasure is on record.',
    source: 'docs/reference/record.md',
  },
  'P-LEDGER-ERASABLE': {
    sentence: 'Erasing a personal value leaves every proof whole, and is itself on record.',
    source: 'docs/architecture.md',
  },
  'P-LEDGER-INDEPENDENT': {
    sentence: 'A verifier that shares no code with Writ accepts key, checkpoint, root and proofs.',
    source: 'golang.org/x/mod/sumdb',
  },
  'P-LEDGER-NAMES-CHANGED': {
    sentence: 'One changed byte of an entry is found, and the entry named.',
    source: 'docs/architecture.md',
  },
  'P-LEDGER-PERSONAL-OUTSIDE': {
    sentence: 'The tree holds no personal value.',
    source: 'docs/architecture.md',
  },
  'P-LEDGER-TAMPERING': {
    sentence: 'Swapping, dropping, cutting and signing again are found.',
    source: 'docs/architecture.md',
  },
  'P-LEDGER-VERIFIES': {
    sentence: 'An untouched record verifies from its files alone.',
    source: 'docs/architecture.md',
  },
  'P-LOG-TAMPER-EVIDENT': {
    sentence:
      '`writ log verify` ends with status 1 and names the entry when one byte of the record was changed.',
    source: 'docs/architecture.md',
  },
  'P-LOOPBACK-ONLY': {
    sentence: 'Nothing listens beyond loopback unless callers must authenticate.',
    source: 'docs/architecture.md',
  },
  'P-LOOPBACK-UNLESS-ENCRYPTED': {
    sentence:
      'No port beyond loopback speaks in the clear unless it is written down that somebody in front encrypts.',
    source: 'docs/how-to/identify-callers.md',
  },
  'P-LOOPBACK-UNLESS-AUTHENTICATED': {
    sentence: 'A service listens beyond loopback only when callers must authenticate.',
    source: 'docs/architecture.md',
  },
  'P-NAMED-ADDRESS': {
    sentence: 'A service listens on the address that was named, or not at all.',
    source: 'CWE-346',
  },
  'P-NO-CRYPTO-NO-ANSWER': {
    sentence: 'Without a host for cryptography its builtins fail, and never answer.',
    source: 'docs/architecture.md',
  },
  'P-NO-GRANT-DENIES': {
    sentence:
      'Without any grant a call is denied, with `policy_undefined` where nothing was defined and `no_grant` otherwise.',
    source: 'docs/architecture.md',
  },
  'P-NO-GRANT-NO-ALLOW': {
    sentence: 'Nothing is allowed without a grant: guards alone never allow.',
    source: 'docs/architecture.md',
  },
  'P-NO-PROTOTYPE': {
    sentence: "No value reaches an object's prototype.",
    source: 'CWE-1321',
  },
  'P-OBLIGATION-UNKNOWN-DENIES': {
    sentence: 'A duty that the enforcement point does not understand denies.',
    source: 'OpenID AuthZEN obligations profile',
  },
  'P-OBSERVE': {
    sentence:
      'Observe mode is set by a credential, never by a request, and waives only policies and budgets.',
    source: 'docs/architecture.md',
  },
  'P-OBSERVE-CHANGES-NOTHING': {
    sentence: 'A bundle or entrypoint that only observes changes no outcome, and what it says is on record.',
    source: 'docs/how-to/layers.md',
  },
  'P-OBSERVE-NOT-BY-THIRD-PARTY': {
    sentence: 'A third party cannot say of its own bundle that it only observes.',
    source: 'docs/how-to/layers.md',
  },
  'P-ONE-OWNER': {
    sentence: 'One process owns the files; others go through it, and take over when it dies.',
    source: 'docs/architecture.md',
  },
  'P-ONE-REVISION': {
    sentence: 'One decision never mixes revisions of policies.',
    source: 'docs/architecture.md',
  },
  'P-OPA-DATA-API': {
    sentence: "A client written for OPA's Data API needs no change.",
    source: 'OPA REST API, Data',
  },
  'P-OPERATOR-ONLY': {
    sentence: "Approving, halting, administering and reading the record need the operator's credential.",
    source: 'docs/architecture.md',
  },
  'P-OPERATOR-TOKEN-KEPT': {
    sentence: "The operator's token is sent only to a service that has shown that it knows it.",
    source: 'CWE-522',
  },
  'P-OUTBOUND-CLIENT-CERTIFICATE': {
    sentence: 'A client certificate is shown to the host that it is for and to no other, and is read anew.',
    source: 'docs/reference/configuration.md',
  },
  'P-OUTBOUND-ADDRESS': {
    sentence: 'The address that is checked is the one that is connected to; loopback only if allowed.',
    source: 'CWE-918',
  },
  'P-OUTBOUND-HOSTS': {
    sentence: 'Only listed hosts are reached.',
    source: 'CWE-918',
  },
  'P-OUTBOUND-METADATA': {
    sentence: 'Metadata, link-local and reserved addresses are always refused.',
    source: 'RFC 6890; CWE-918',
  },
  'P-OUTBOUND-REDIRECT': {
    sentence: 'Redirects are checked anew; none leads from https to http.',
    source: 'CWE-601',
  },
  'P-OVERRIDE-BOUNDS': {
    sentence: 'Overrides reach only resource and workflow, with justification, approver and expiry.',
    source: 'docs/architecture.md',
  },
  'P-OVERRIDES-LISTED': {
    sentence:
      'Overrides that cannot be listed, are not whole, or are more than the operator allows do not activate.',
    source: 'docs/how-to/layers.md',
  },
  'P-OWNER-FENCED': {
    sentence: 'An owner whose files another has taken writes nothing more.',
    source: 'docs/architecture.md',
  },
  'P-POINT-AUTHENTICATED': {
    sentence: 'Where enforcement points are listed, one without its credential is refused.',
    source: 'docs/architecture.md',
  },
  'P-POINT-CLAIMS': {
    sentence:
      'An enforcement point asserts only the tenants, principals and actors that its credential lists.',
    source: 'docs/architecture.md',
  },
  'P-POLICY-NO-NETWORK': {
    sentence: 'Policies reach nothing outside.',
    source: 'docs/architecture.md',
  },
  'P-POLICY-PARSE-AS-OPA': {
    sentence: 'A policy is accepted or refused as OPA does.',
    source: 'OPA 1.22, conformance corpora',
  },
  'P-POLICY-PARSE-BOUNDED': {
    sentence: 'The parser is bounded in depth.',
    source: 'CWE-674',
  },
  'P-POLICY-PARSE-TOTAL': {
    sentence: 'The parser ends with a module or located errors, on any text.',
    source: 'docs/architecture.md',
  },
  'P-PROFILE-NARROW': {
    sentence: "An outcome that an answer's shape cannot carry is given as a denial.",
    source: 'docs/architecture.md',
  },
  'P-RAW-IS-ADMIN': {
    sentence: "Evaluation outside the pipeline is an administrator's act.",
    source: 'docs/architecture.md',
  },
  'P-RELEASE-VERSIONS': {
    sentence:
      'An agent or a tool of another version than the policies in force were released for is denied, observed or not.',
    source: 'docs/how-to/release-together.md',
  },
  'P-RELEASE-WHOLE': {
    sentence:
      'Bundles of one release activate when all of them are there in one version, and none of them before.',
    source: 'docs/how-to/release-together.md',
  },
  'P-RECORD-BEFORE-RELEASE': {
    sentence: 'No effect proceeds before its decision is durable in the record.',
    source: 'docs/architecture.md',
  },
  'P-REDACTED-EVERYWHERE': {
    sentence: 'A redacted value stays out of what is forwarded, approved, explained, answered and released.',
    source: 'docs/architecture.md',
  },
  'P-REFUND-ONLY-UNSENT': {
    sentence: 'A refund is given only if nothing was sent, within the lease.',
    source: 'docs/architecture.md',
  },
  'P-REGISTRY-ADAPTERS': {
    sentence: 'A tool that moves to another adapter is decided as before by policies that stay as they are.',
    source: 'docs/reference/capability-registry.md',
  },
  'P-REGISTRY-ALLOWLIST': {
    sentence: 'A tool that no capability allows is of none.',
    source: 'docs/reference/capability-registry.md',
  },
  'P-REGISTRY-AUTHORIZATION': {
    sentence: 'A capability is used only for the actions and resources that it is for.',
    source: 'docs/reference/capability-registry.md',
  },
  'P-REGISTRY-COMPUTED': {
    sentence:
      'Capability, operation, destination, amount and cost of a described call are computed, never taken from its caller.',
    source: 'docs/reference/capability-registry.md',
  },
  'P-REGISTRY-ONE-VOICE': {
    sentence: 'Two bundles that describe one tool do not activate.',
    source: 'docs/architecture.md',
  },
  'P-REGISTRY-STEP-UP': {
    sentence: 'Step-up that the registry asks for holds whatever policies allow.',
    source: 'docs/reference/capability-registry.md',
  },
  'P-REGISTRY-UNRESOLVABLE': {
    sentence: 'Arguments that do not hold what the registry needs deny.',
    source: 'docs/architecture.md',
  },
  'P-REGO-ALLOW-NET': {
    sentence: 'Policies reach only hosts that `allow_net` names, through redirects too.',
    source: 'OPA 1.22, capabilities',
  },
  'P-REGO-AS-OPA': {
    sentence: 'Policies answer as they do in OPA.',
    source: 'OPA 1.22',
  },
  'P-REGO-BACKENDS-AGREE': {
    sentence:
      'Closures, generated code and compiled modules give the same answer for every policy and input.',
    source: 'docs/architecture.md',
  },
  'P-REGO-BROWSER': {
    sentence:
      'In a browser that lets no code be made from text, policies answer as on Node, but for builtins whose host it lacks.',
    source: 'docs/adr/0008-two-back-ends-from-one-plan.md',
  },
  'P-REGO-BUDGET': {
    sentence: 'Every evaluation ends: by its answer, its deadline or its count of operations.',
    source: 'docs/architecture.md',
  },
  'P-REGO-CONFLICT': {
    sentence: 'Rules that disagree are an error, whatever is found first.',
    source: 'OPA, policy language',
  },
  'P-REGO-CORPUS': {
    sentence: "OPA's evaluation corpus passes but for what is listed, each with its reason.",
    source: 'OPA 1.22, v1/test/cases',
  },
  'P-REGO-LOCATED-ERRORS': {
    sentence: "Compile errors carry OPA's code, row, column and message.",
    source: 'OPA 1.22, v1/test/compilecases',
  },
  'P-REGO-MODULE': {
    sentence: 'A policy compiled into a file runs without the compiler and makes no code from text.',
    source: 'docs/adr/0012-policies-compiled-into-modules.md',
  },
  'P-REGO-NO-INJECTION': {
    sentence: 'No text of a policy or of data becomes code.',
    source: 'CWE-94',
  },
  'P-REGO-NO-THROW': {
    sentence: 'An evaluation never throws: faults are results.',
    source: 'docs/architecture.md',
  },
  'P-REGO-READS': {
    sentence: 'A policy reads nothing beyond the paths that the compiler names.',
    source: 'docs/architecture.md',
  },
  'P-RESULT-JUDGED': {
    sentence: 'A result is released only after the output policy that applies to it allowed that.',
    source: 'docs/architecture.md',
  },
  'P-RESULT-POLICY': {
    sentence: 'An output policy can withhold or redact a result.',
    source: 'docs/architecture.md',
  },
  'P-REVIEWERS-SIGNED': {
    sentence:
      'A bundle that names required reviewers activates only where a signature of each of them was verified.',
    source: 'docs/how-to/layers.md',
  },
  'P-RFC6962-TREE': {
    sentence: "Leaf hashes, roots and proofs are RFC 6962's.",
    source: 'RFC 6962, 2.1',
  },
  'P-ROOTS-APART': {
    sentence: 'Bundles own disjoint parts of `data`, and hold nothing outside their roots.',
    source: 'OPA bundle format, roots',
  },
  'P-SANITIZE-FORWARDED': {
    sentence: 'The tool gets the redacted form, never the one that was asked about.',
    source: 'docs/architecture.md',
  },
  'P-SANITIZE-ONCE': {
    sentence: 'A redacted form that policies want changed again is denied.',
    source: 'docs/architecture.md',
  },
  'P-SERIALIZABLE': {
    sentence: 'Any interleaving of calls has the outcome of one order.',
    source: 'docs/architecture.md',
  },
  'P-SPIFFE-DOMAINS': {
    sentence: 'An authority of one trust domain never speaks for another.',
    source: 'SPIFFE X509-SVID; SPIFFE Trust Domain and Bundle',
  },
  'P-SPIFFE-ID': {
    sentence: 'A SPIFFE ID is read strictly.',
    source: 'SPIFFE-ID, section 2',
  },
  'P-SPIFFE-JWT': {
    sentence: 'A JWT-SVID counts for its audience alone, with a key of its own trust domain.',
    source: 'SPIFFE JWT-SVID',
  },
  'P-SPIFFE-ROTATION': {
    sentence:
      'Authorities rotate without a dropped call; what was withdrawn or expired ends on open connections too.',
    source: 'SPIFFE X509-SVID',
  },
  'P-SPIFFE-WORKLOAD-API': {
    sentence: 'Identity and trust bundles follow the Workload API, and outlast an agent that restarts.',
    source: 'SPIFFE Workload API',
  },
  'P-SPIFFE-X509': {
    sentence: 'A workload is named by a certificate that is an X.509-SVID in every point, and by no other.',
    source: 'SPIFFE X509-SVID',
  },
  'P-STATE-COMPARED': {
    sentence: 'State that a decision read is compared in its commit.',
    source: 'docs/architecture.md',
  },
  'P-STATE-UNKNOWN-ABSENT': {
    sentence: 'What is not known is absent from the input, never zero or empty.',
    source: 'docs/architecture.md',
  },
  'P-STDIO-SAME-DECISIONS': {
    sentence: 'A server wrapped on stdio is decided by the same policies as one behind the gateway.',
    source: 'docs/architecture.md',
  },
  'P-CLUSTER-LEADER-LOST': {
    sentence:
      'When the leader is killed or cut off, another gives places to what was committed: nothing lost, nothing twice.',
    source: 'docs/architecture.md',
  },
  'P-CLUSTER-NO-LOST-UPDATE': {
    sentence:
      'Several processes on one PostgreSQL lose no update, and each entry gets one place in the one log.',
    source: 'docs/architecture.md',
  },
  'P-CLUSTER-RACES': {
    sentence:
      'However many nodes decide, no budget is overspent, no limit written in Rego exceeded, no approval used twice.',
    source: 'docs/architecture.md',
  },
  'P-CLUSTER-VANISHES': {
    sentence:
      'While the database is away calls are refused; when it is back they go on, and nothing of before is lost.',
    source: 'docs/architecture.md',
  },
  'P-STORE-BACKUP': {
    sentence: 'A backup beside a running service is one moment of it, and is restored whole.',
    source: 'docs/architecture.md',
  },
  'P-STORE-CORRUPT': {
    sentence: 'Calls that meet damaged pages are refused.',
    source: 'docs/architecture.md',
  },
  'P-STORE-FULL': {
    sentence: 'A full disk refuses, keeps nothing half, and the store goes on when there is room.',
    source: 'docs/architecture.md',
  },
  'P-STORE-IO': {
    sentence: 'A failing disk refuses, and the store goes on afterwards.',
    source: 'docs/architecture.md',
  },
  'P-STORE-MIGRATES': {
    sentence: 'Files of an earlier version are brought forward at opening and keep what they hold.',
    source: 'docs/architecture.md',
  },
  'P-STORE-POWER-CUT': {
    sentence: 'A power cut that forgets what was not synced loses nothing that was acknowledged.',
    source: 'docs/architecture.md',
  },
  'P-STORE-OWN-USER': {
    sentence: 'Another operating-system user reaches neither the files of the store nor its socket.',
    source: 'docs/architecture.md',
  },
  'P-STRICT-ARGUMENTS': {
    sentence: 'Arguments that are not JSON reach neither policy nor tool.',
    source: 'docs/architecture.md',
  },
  'P-STRICT-DATA': {
    sentence: 'Data documents of bundles are read as strictly as requests.',
    source: 'docs/architecture.md',
  },
  'P-STRICT-DUPLICATE-KEY': {
    sentence: 'A document in which a key occurs twice is refused before anything looks at it.',
    source: 'RFC 8259, 4; GHSA-4gph-2hhr-5mwg',
  },
  'P-STRICT-EXACT-NUMBER': {
    sentence:
      'A number that a double does not hold as its shortest decimal is refused, so that what was decided is what is forwarded.',
    source: 'RFC 8259, 6',
  },
  'P-STRICT-PROTO': {
    sentence: "A key that would reach an object's prototype is refused.",
    source: 'OWASP Prototype Pollution',
  },
  'P-STRICT-READING': {
    sentence: 'Every body of the decision API is read strictly, and what is refused is on record.',
    source: 'docs/architecture.md',
  },
  'P-STRICT-SURROGATE': {
    sentence: 'Text that is no valid Unicode is refused.',
    source: 'RFC 8785, 3.2.2.2',
  },
  'P-STRICT-VALUE-ONCE': {
    sentence: 'An accessor or proxy in process cannot show policy one value and the tool another.',
    source: 'docs/architecture.md',
  },
  'P-SYNC-BEFORE-ACKNOWLEDGE': {
    sentence: 'The write-ahead log is synced before each acknowledgement.',
    source: 'SQLite, PRAGMA synchronous',
  },
  'P-TENANT-APART': {
    sentence: 'Keys of different tenants, or of different parts of state, never meet.',
    source: 'docs/architecture.md',
  },
  'P-TERMINAL-PLAIN': {
    sentence:
      'Nothing that an agent names moves the cursor of a terminal, hides text or poses as another line.',
    source: 'CWE-150',
  },
  'P-TEXT-SEEN': {
    sentence:
      'Texts of policies reach people and models without control characters, direction marks and tags.',
    source: 'CWE-150',
  },
  'P-THIRD-PARTY-TIGHTENS': {
    sentence: "A third party's bundle can only tighten.",
    source: 'docs/architecture.md',
  },
  'P-TLS-RELOAD': {
    sentence: 'A renewed certificate serves new connections; files that do not fit together change nothing.',
    source: 'docs/architecture.md',
  },
  'P-TRUST-HELD': {
    sentence: 'A data directory that others can write is never said to be enforced.',
    source: 'docs/architecture.md',
  },
  'P-UNKNOWN-FAULT-DENIES': {
    sentence: 'Whatever is thrown on the way to a decision becomes a denial that tells nothing of its text.',
    source: 'docs/architecture.md',
  },
  'P-UNKNOWN-SHAPE-DENIES': {
    sentence: "A policy's answer that is of no known shape denies.",
    source: 'docs/architecture.md',
  },
  'P-UNTRUSTED-KILLED': {
    sentence:
      'Policies that are not trusted run in a thread that is killed where it exceeds its time or memory.',
    source: 'docs/architecture.md',
  },
  'P-WRITES-ARE-OFF': {
    sentence:
      'Policies and data are written over the API only where the configuration turns that on, by the operator, on record before they take effect.',
    source: 'docs/architecture.md',
  },
  'P-YAML-NO-CODE': {
    sentence: 'No name or text of a policy in YAML becomes code of the module that is made of it.',
    source: 'docs/reference/entrypoints.md',
  },
};
